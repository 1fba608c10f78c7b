import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'

/** JSON of unknown shape, for tests to look into; what is not there reads as undefined. */
export interface Json {
  readonly [key: string]: Json
}

/** An answer over HTTP. */
export interface Answer {
  readonly status: number
  /** The text of `data` as it was sent; empty without any. */
  readonly dataText: string
  readonly data: Json
  readonly errors: readonly { readonly message: string; readonly path?: readonly (string | number)[]; readonly extensions?: { readonly code?: string } }[]
  readonly extensions: Json
  /** Milliseconds until the whole answer was there. */
  readonly ms: number
}

/** Sends one GraphQL request by POST. */
export async function ask(url: string, request: Readonly<Record<string, unknown>>): Promise<Answer> {
  const start = performance.now()
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) })
  const text = await response.text()
  const body = JSON.parse(text) as Partial<Answer>
  return {
    status: response.status,
    dataText: sentData(text, body.data),
    data: body.data ?? {},
    errors: body.errors ?? [],
    extensions: body.extensions ?? {},
    ms: performance.now() - start,
  }
}

/** Both servers write JSON as `JSON.stringify` does; what is written otherwise is told apart by being the whole body. */
function sentData(text: string, data: unknown): string {
  if (data === undefined) return ''
  const written = JSON.stringify(data)
  return text.includes(`"data":${written}`) ? written : text
}

/** The persisted operations of the committed manifest, by name. */
export async function operationIds(): Promise<ReadonlyMap<string, { readonly id: string; readonly type: string; readonly body: string }>> {
  const text = await readFile(new URL('../../schema/manifest.json', import.meta.url), 'utf8')
  const { operations } = JSON.parse(text) as { operations: { id: string; name: string; type: string; body: string }[] }
  return new Map(operations.map((operation) => [operation.name, operation]))
}

/** A live subscription whose events are collected. */
export interface Subscription extends Disposable {
  readonly events: readonly { readonly data?: Json; readonly errors?: readonly unknown[]; readonly extensions?: Json }[]
  /** Resolves once the server has acknowledged the connection and been sent the operation. */
  readonly started: Promise<void>
  /** Why it ended, when it did. */
  readonly ended: Promise<unknown>
}

/** Subscribes over graphql-ws, by document or by `documentId`; with `again` it connects anew for ever when the connection breaks off. */
export function subscribe(url: string, payload: Readonly<Record<string, unknown>>, { again = false }: { readonly again?: boolean } = {}): Subscription {
  const events: { data?: Json }[] = []
  const client = createClient({ url: `${url.replace(/^http/, 'ws')}/graphql`, webSocketImpl: WebSocket, lazy: false, ...(again ? { retryAttempts: Infinity, shouldRetry: () => true, retryWait: () => sleep(50) } : { retryAttempts: 0 }) })
  const started = new Promise<void>((resolve) => {
    client.on('connected', () => resolve())
  })
  const ended = new Promise<unknown>((resolve) => {
    client.subscribe({ query: '', ...payload }, {
      next: (event) => events.push(event as { data?: Json }),
      error: resolve,
      complete: () => resolve(null),
    })
  })
  return { events, started, ended, [Symbol.dispose]: () => void client.dispose() }
}
