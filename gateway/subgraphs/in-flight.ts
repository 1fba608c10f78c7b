import { AisleError } from '../../runtime/errors.ts'

interface Shared<T> {
  readonly result: Promise<T>
  readonly abort: AbortController
  waiting: number
}

/**
 * Work in flight, by key: whoever asks for what is already being done waits for the same result. The work is
 * cancelled once nobody waits for it any more, never because one of several has left.
 */
export class InFlight<T> {
  readonly #running = new Map<string, Shared<T>>()
  readonly #onJoined: () => void

  constructor(onJoined: () => void) {
    this.#onJoined = onJoined
  }

  /**
   * @param signal aborted when this caller has left
   * @throws AisleError REQUEST_CANCELLED to a caller that has left; whatever `start` throws to all others
   */
  join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    let shared = this.#running.get(key)
    if (shared === undefined) shared = this.#start(key, start)
    else this.#onJoined()
    return this.#wait(key, shared, signal)
  }

  /** From now on nobody joins what has been started so far; who waits for it still gets it. */
  forget(): void {
    this.#running.clear()
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const abort = new AbortController()
    const shared: Shared<T> = { result: start(abort.signal), abort, waiting: 0 }
    this.#running.set(key, shared)
    const end = (): void => this.#end(key, shared)
    shared.result.then(end, end)
    return shared
  }

  #wait(key: string, shared: Shared<T>, signal: AbortSignal): Promise<T> {
    shared.waiting++
    return new Promise<T>((resolve, reject) => {
      // It may also be called after the result, when it has no effect: the signal lives no longer than its request.
      const leave = (): void => {
        reject(new AisleError('REQUEST_CANCELLED'))
        if (--shared.waiting > 0) return
        this.#end(key, shared)
        shared.abort.abort()
      }
      shared.result.then(resolve, reject)
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** What came later under the same key stays. */
  #end(key: string, shared: Shared<T>): void {
    if (this.#running.get(key) === shared) this.#running.delete(key)
  }
}
