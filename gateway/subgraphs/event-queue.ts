/**
 * Events pushed on one side and awaited on the other, at most `capacity` of them at a time: a consumer that never
 * catches up is told so by the failure it finds at the end of the queue, instead of memory growing without end.
 */
export class EventQueue<T> {
  readonly #items: T[] = []
  readonly #capacity: number
  #ended = false
  #failure: unknown = null
  #wake: (() => void) | null = null

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** False when there is no room or the queue has ended; the event is then not taken. */
  push(item: T): boolean {
    if (this.#ended || this.#items.length >= this.#capacity) return false
    this.#items.push(item)
    this.#wake?.()
    return true
  }

  /** No more events; with a failure, the consumer's iteration throws it once it has seen the events before it. */
  end(failure: unknown = null): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    this.#wake?.()
  }

  async *drain(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) {
        yield item
      } else if (this.#ended) {
        if (this.#failure !== null) throw this.#failure
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = null
      }
    }
  }
}
