import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

/** The gateway answered, but refused the operation: sending it again would not help. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

export interface ClientOptions {
  /** Where GraphQL is answered, path included. */
  readonly url: string
  /** Stops waiting and retrying; what is under way then rejects. */
  readonly signal: AbortSignal
  /** Hears each failure to reach the gateway, with the milliseconds until the next attempt, and null once it answers again. */
  readonly onOutage?: (outage: { readonly reason: string; readonly retryInMs: number } | null) => void
  /** The first pause after a failure, in milliseconds; it doubles up to `longestPauseMs`. */
  readonly firstPauseMs?: number
  readonly longestPauseMs?: number
}

/** Longest wait for one answer, in milliseconds. */
const answerLimitMs = 10_000

/** Codes that say the caller is wrong; with any other the service is, and may recover. */
const refusals = new Set(['BAD_REQUEST', 'BAD_USER_INPUT', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'OPERATION_ID_REUSED', 'PERSISTED_QUERY_ID_REQUIRED'])

const answerShape = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string().optional() }).optional() })).optional(),
})

export type Send = <S extends z.ZodType>(document: string, variables: Record<string, unknown>, shape: S) => Promise<z.output<S>>

/**
 * A GraphQL client that outlasts outages: it sends one operation again, unchanged, until the gateway answers it. Mutations carry
 * an operationId, so the one that was answered into the void counts once.
 */
export function createClient(options: ClientOptions): Send {
  const { url, signal, onOutage = () => {}, firstPauseMs = 250, longestPauseMs = 15_000 } = options
  let out = false
  return async (document, variables, shape) => {
    const body = JSON.stringify({ query: document, variables })
    for (let pause = firstPauseMs; ; pause = Math.min(longestPauseMs, pause * 2)) {
      signal.throwIfAborted()
      const answer = await attempt(url, body, signal)
      if (typeof answer !== 'string') {
        if (out) onOutage(null)
        out = false
        return shape.parse(answer.data)
      }
      signal.throwIfAborted()
      out = true
      // A little apart from each other, so that many clients do not return as one.
      const retryInMs = Math.round(pause * (0.75 + Math.random() / 2))
      onOutage({ reason: answer, retryInMs })
      await sleep(retryInMs, undefined, { signal })
    }
  }
}

/** The data, or why there is no answer. @throws Refused */
async function attempt(url: string, body: string, signal: AbortSignal): Promise<{ data: unknown } | string> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]),
    })
    text = await response.text()
  } catch (error) {
    return error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
  }
  const answer = readAnswer(text)
  if (answer === null) return `HTTP ${response.status} without a GraphQL answer`
  const [error] = answer.errors ?? []
  if (error === undefined) return { data: answer.data }
  if (refusals.has(error.extensions?.code ?? '') || isRefusal(response.status)) throw new Refused(error.message)
  return error.message
}

/** Told to wait (408, 429) is not told off. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429
}

function readAnswer(text: string): z.output<typeof answerShape> | null {
  try {
    return answerShape.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
