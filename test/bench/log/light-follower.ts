import { Client } from 'undici'
import { protocolHeader, protocolVersion, type ChangesAnswer } from '../../../edge-cache/protocol.ts'
import { Backoff, pause } from '../../../subgraphs/log/backoff.ts'
import { storeScope } from '../../../subgraphs/storage/entities.ts'
import type { LogCursor } from '../../../subgraphs/log/source.ts'

/** Told of each change as it is taken in: when its row says it was written, and when it was here, in epoch milliseconds. */
export type OnChange = (writtenAt: number, appliedAt: number) => void

const headers = { [protocolHeader]: protocolVersion, accept: 'application/json' }

/**
 * A store's node as far as the log is concerned: asks, waits, parses, proves that no position is missing. It keeps no rows, so
 * that thousands fit into a process.
 */
export class LightFollower {
  readonly #storeId: string
  readonly #origin: string
  readonly #onChange: OnChange
  readonly #first: { readonly cursor: LogCursor; readonly positions: Readonly<Record<string, number>> }
  #positions = new Map<string, number>()
  #cursor: LogCursor
  #head = 0
  #client: Client | null = null
  #stop: AbortController | null = null
  #running: Promise<void> = Promise.resolve()
  changes = 0
  refusals = 0

  constructor(origin: string, storeId: string, cursor: LogCursor, positions: Readonly<Record<string, number>>, onChange: OnChange) {
    this.#origin = origin
    this.#storeId = storeId
    this.#first = { cursor, positions }
    this.#cursor = cursor
    this.forget()
    this.#onChange = onChange
  }

  /** The last batch it has, and the newest it has heard of. */
  get place(): { readonly batch: number; readonly head: number } {
    return { batch: this.#cursor.batch, head: this.#head }
  }

  /** Back to where it began; while it is not connected. */
  forget(): void {
    this.#cursor = this.#first.cursor
    this.#positions = new Map(Object.entries(this.#first.positions))
  }

  connect(): void {
    this.#stop = new AbortController()
    this.#client = new Client(this.#origin, { keepAliveTimeout: 60_000 })
    this.#running = this.#follow(this.#client, this.#stop.signal)
  }

  async disconnect(): Promise<void> {
    this.#stop?.abort()
    await this.#client?.destroy()
    await this.#running
    this.#client = null
  }

  async #follow(client: Client, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(200, 10_000)
    let wait = 0
    while (!signal.aborted) {
      try {
        const { statusCode, headers: answered, body } = await client.request({ method: 'GET', path: this.#path(wait), headers, signal, headersTimeout: 60_000 })
        if (statusCode !== 200) {
          await body.dump()
          this.refusals += 1
          const after = Number(answered['retry-after'])
          await pause(Number.isFinite(after) ? after * 1000 * (1 + Math.random() / 2) : backoff.failed(), signal)
          continue
        }
        this.#take((await body.json()) as ChangesAnswer)
        backoff.succeeded()
        wait = 5_000
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof MissingPosition) throw error
        await pause(backoff.failed(), signal)
      }
    }
  }

  #path(wait: number): string {
    const { epoch, batch, stamp, within } = this.#cursor
    const place = within === undefined ? '' : `&scope=${encodeURIComponent(within.scope)}&position=${within.position}&inside=${within.batch ?? ''}`
    return `/sync/stores/${this.#storeId}/changes?epoch=${epoch}&after=${batch}${stamp === undefined ? '' : `&stamp=${stamp}`}${place}&limit=1000&wait=${wait}`
  }

  #take({ parts, next, head }: ChangesAnswer): void {
    const now = Date.now()
    for (const { changes } of parts) {
      for (const { scope, position, absorbed = 0, entity, row } of changes) {
        const known = this.#positions.get(scope) ?? 0
        if (position <= known || position - absorbed > known + 1) throw new MissingPosition(`${this.#storeId}: ${position} of ${scope} after ${known}`)
        this.#positions.set(scope, position)
        this.changes += 1
        if (entity === 'stock' && row !== null && scope === storeScope(this.#storeId)) this.#onChange(Number(row.updated_at), now)
      }
    }
    this.#cursor = next
    this.#head = head.batch
  }
}

/** Origin broke the protocol: the figures would be worth nothing. */
class MissingPosition extends Error {
  override readonly name = 'MissingPosition'
}
