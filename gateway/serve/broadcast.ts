import { setImmediate as turn } from 'node:timers/promises'

/** Clients that are sent an event in one go; then requests that came meanwhile have their turn. */
const batch = 256

/** How a subscription ended that did not fail: by itself or because its client left, or because its version is no longer served. */
export type SubscriptionEnd = 'over' | 'retired'

interface Listener<T> {
  readonly deliver: (event: T) => void
  readonly end: (end: SubscriptionEnd) => void
  readonly fail: (error: unknown) => void
}

interface Broadcast<T> {
  readonly listeners: Set<Listener<T>>
  readonly abort: AbortController
}

export interface BroadcastObserver {
  /** A subscription takes part in an equal one's source. */
  readonly joined: () => void
  readonly opened: () => void
  readonly closed: () => void
}

/**
 * Sources of events, each with everyone who listens to it. Who joins gets the events from then on; the source is closed
 * when the last has left. Every event is made once, however many get it, and reaches all of them before the next one.
 */
export class Broadcasts<T> {
  readonly #running = new Map<string, Broadcast<T>>()
  /** Every one that runs, also those that nobody may join. */
  readonly #all = new Set<Broadcast<T>>()
  readonly #observer: BroadcastObserver
  #retired = false

  constructor(observer: BroadcastObserver) {
    this.#observer = observer
  }

  /**
   * @param key equal for what may share a source; null shares with nobody
   * @param signal aborted when this client has left
   * @param open the source; called when nobody listens to it yet
   * @throws what the source throws
   */
  join(key: string | null, signal: AbortSignal, deliver: (event: T) => void, open: (signal: AbortSignal) => AsyncIterable<T>): Promise<SubscriptionEnd> {
    if (signal.aborted) return Promise.resolve('over')
    if (this.#retired) return Promise.resolve('retired')
    const known = key === null ? undefined : this.#running.get(key)
    if (known !== undefined) this.#observer.joined()
    const broadcast = known ?? this.#start(key, open)
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        broadcast.listeners.delete(listener)
        resolve('over')
        if (broadcast.listeners.size > 0) return
        this.#forget(key, broadcast)
        broadcast.abort.abort()
      }
      const settle = (): void => signal.removeEventListener('abort', leave)
      const listener: Listener<T> = {
        deliver,
        end(end) {
          settle()
          resolve(end)
        },
        fail(error) {
          settle()
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      }
      broadcast.listeners.add(listener)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** Ends every subscription as retired, and from now on every new one. */
  retire(): void {
    this.#retired = true
    for (const broadcast of this.#all) {
      broadcast.abort.abort()
      finish(broadcast, (listener) => listener.end('retired'))
    }
  }

  #start(key: string | null, open: (signal: AbortSignal) => AsyncIterable<T>): Broadcast<T> {
    const broadcast: Broadcast<T> = { listeners: new Set(), abort: new AbortController() }
    if (key !== null) this.#running.set(key, broadcast)
    this.#all.add(broadcast)
    this.#observer.opened()
    void this.#run(key, broadcast, open)
    return broadcast
  }

  async #run(key: string | null, broadcast: Broadcast<T>, open: (signal: AbortSignal) => AsyncIterable<T>): Promise<void> {
    try {
      for await (const event of open(broadcast.abort.signal)) await deliverToAll(broadcast, event)
      this.#forget(key, broadcast)
      finish(broadcast, (listener) => listener.end('over'))
    } catch (error) {
      this.#forget(key, broadcast)
      finish(broadcast, (listener) => listener.fail(error))
    } finally {
      this.#all.delete(broadcast)
      this.#observer.closed()
    }
  }

  /** From now on nobody joins it; what came later under the same key stays. */
  #forget(key: string | null, broadcast: Broadcast<T>): void {
    if (key !== null && this.#running.get(key) === broadcast) this.#running.delete(key)
  }
}

async function deliverToAll<T>({ listeners, abort }: Broadcast<T>, event: T): Promise<void> {
  let delivered = 0
  // Who joins while this one is on its way gets the next.
  const present = [...listeners]
  for (const listener of present) {
    if (abort.signal.aborted) return
    if (!listeners.has(listener)) continue
    listener.deliver(event)
    if (++delivered % batch === 0) await turn()
  }
}

function finish<T>({ listeners }: Broadcast<T>, tell: (listener: Listener<T>) => void): void {
  const told = [...listeners]
  listeners.clear()
  for (const listener of told) tell(listener)
}
