import type { PostgresStorage } from '../storage/postgres/storage.ts'
import { pause } from './backoff.ts'
import { listenTo } from './connection.ts'
import { logChannel, type LogNotice } from './fence.ts'

interface Waiter {
  readonly scopes: readonly string[]
  readonly wake: () => void
}

/**
 * Tells who waits for changes of some scopes when there may be some: one listening connection for a whole process.
 * It is a hint only. A waiter that it wakes reads the log; one that it misses comes back by itself when its wait is over.
 */
export class LogSignal implements AsyncDisposable {
  readonly #storage: PostgresStorage
  readonly #listener: AsyncDisposable
  readonly #waiters = new Map<string, Set<Waiter>>()
  readonly #changedAt = new Map<string, number>()
  readonly #synchronised = Promise.withResolvers<void>()
  #listening = false
  #head = 0
  /** What `#changedAt` says is complete for batches after this one. */
  #knownSince = Number.POSITIVE_INFINITY
  #waiting = 0

  constructor(storage: PostgresStorage) {
    this.#storage = storage
    this.#listener = listenTo(storage, logChannel, {
      onNotification: (payload) => this.#notice(payload),
      onUp: () => void this.#synchronise(),
      onDown: () => {
        this.#listening = false
        this.#forget(this.#head)
      },
    })
  }

  /** Newest batch heard of: the log has it, and may have newer ones. */
  get head(): number {
    return this.#head
  }

  /** How many wait at this moment. */
  get waiting(): number {
    return this.#waiting
  }

  /** Resolves when `head` is known for the first time. */
  get ready(): Promise<void> {
    return this.#synchronised.promise
  }

  /** Waits until a batch after `after` may have touched one of the scopes, at most `ms` milliseconds. Never rejects. */
  async wait(scopes: readonly string[], after: number, ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return
    if (!this.#listening) return pause(Math.min(ms, deafPollMs * (0.5 + Math.random())), signal)
    if (after < this.#knownSince || scopes.some((scope) => (this.#changedAt.get(scope) ?? 0) > after)) return
    // Thousands wait here at once and are woken all the time: a timer, and no signal of its own.
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    const waiter: Waiter = { scopes, wake }
    const timer = setTimeout(wake, ms)
    signal?.addEventListener('abort', wake)
    this.#add(waiter)
    await promise
    this.#remove(waiter)
    clearTimeout(timer)
    signal?.removeEventListener('abort', wake)
  }

  /** The log begins again at a batch that may lie before `head`. */
  restarted(batch: number): void {
    this.#head = batch
    this.#forget(batch)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]()
    this.#wakeAll()
  }

  #notice(payload: string): void {
    const notice = asNotice(payload)
    if (notice === null) return this.#forget(this.#head)
    const { batch, scopes } = notice
    const next = batch === this.#head + 1
    this.#head = batch
    if (!next || scopes === undefined || !this.#listening) return this.#forget(batch)
    for (const scope of scopes) {
      this.#changedAt.set(scope, batch)
      for (const waiter of this.#waiters.get(scope) ?? []) waiter.wake()
    }
  }

  /** Batches may have come while nobody listened. */
  async #synchronise(): Promise<void> {
    const before = this.#head
    try {
      const { rows } = await this.#storage.pool.query<{ batch: number }>('select batch from log_fence where id = 1')
      const [fence] = rows
      if (fence === undefined) return
      // A notice that came meanwhile is newer than what was read.
      if (this.#head === before) this.#head = fence.batch
      this.#forget(this.#head)
      this.#listening = true
      this.#synchronised.resolve()
    } catch {
      // The listener loses its connection as well and comes back; until then waiters poll.
    }
  }

  #forget(batch: number): void {
    this.#changedAt.clear()
    this.#knownSince = batch
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.wake()
  }

  #add(waiter: Waiter): void {
    this.#waiting += 1
    for (const scope of waiter.scopes) {
      const waiters = this.#waiters.get(scope)
      if (waiters === undefined) this.#waiters.set(scope, new Set([waiter]))
      else waiters.add(waiter)
    }
  }

  #remove(waiter: Waiter): void {
    this.#waiting -= 1
    for (const scope of waiter.scopes) {
      const waiters = this.#waiters.get(scope)
      waiters?.delete(waiter)
      if (waiters?.size === 0) this.#waiters.delete(scope)
    }
  }
}

/** Null for what is none: anybody who may connect to the database may notify on the channel. */
function asNotice(payload: string): LogNotice | null {
  try {
    const { batch, scopes } = JSON.parse(payload) as Partial<LogNotice>
    if (!Number.isSafeInteger(batch) || (scopes !== undefined && !Array.isArray(scopes))) return null
    return { batch: batch ?? 0, ...(scopes === undefined ? {} : { scopes }) }
  } catch {
    return null
  }
}

/** How often to look while notifications can't come, in milliseconds. */
const deafPollMs = 250
