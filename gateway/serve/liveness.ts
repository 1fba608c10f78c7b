import type { Outflow } from './outflow.ts'

/**
 * Calls on a client at every interval and cuts it off when it gives no sign of life until the next: neither an answer
 * (`onSign`) nor, while much waits for it, that it takes any of that.
 */
export class Liveness implements Disposable {
  readonly #timer: NodeJS.Timeout | null
  #heard = true
  #takenBefore = 0
  #waitedBefore = false

  /** @param intervalMs 0 never calls */
  constructor(outflow: Outflow, intervalMs: number, { call, cut }: { readonly call: () => void; readonly cut: () => void }) {
    const check = (): void => {
      const progressed = this.#waitedBefore && outflow.taken > this.#takenBefore
      if (!this.#heard && !progressed) {
        cut()
        return
      }
      this.#heard = false
      this.#takenBefore = outflow.taken
      this.#waitedBefore = outflow.unsent > 0
      call()
    }
    this.#timer = intervalMs === 0 ? null : setInterval(check, intervalMs).unref()
  }

  /** The client has answered. */
  onSign(): void {
    this.#heard = true
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }
}
