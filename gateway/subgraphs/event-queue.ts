export interface EventQueueOptions {
  /** Most events that wait at a time. */
  readonly capacity: number
  /** Most bytes that wait at a time, as far as senders say how large their events are; one event is always taken. */
  readonly maxBytes?: number
  /** Keeps the newest event alone when there is no room, instead of refusing it. */
  readonly newestOnly?: boolean
}

/**
 * Events pushed on one side and awaited on the other, at most so many of them at a time: a consumer that never
 * catches up is told so by the failure it finds at the end of the queue, instead of memory growing without end.
 */
export class EventQueue<T> {
  #items: { readonly item: T; readonly bytes: number }[] = []
  #bytes = 0
  readonly #capacity: number
  readonly #maxBytes: number
  readonly #newestOnly: boolean
  #ended = false
  #failure: unknown = null
  #wake: (() => void) | null = null

  constructor({ capacity, maxBytes = Infinity, newestOnly = false }: EventQueueOptions) {
    this.#capacity = capacity
    this.#maxBytes = maxBytes
    this.#newestOnly = newestOnly
  }

  /** False when there is no room or the queue has ended; the event is then not taken. @param bytes what it takes */
  push(item: T, bytes = 0): boolean {
    if (this.#ended) return false
    const full = this.#items.length >= this.#capacity || (this.#items.length > 0 && this.#bytes + bytes > this.#maxBytes)
    if (full && !this.#newestOnly) return false
    if (full) {
      this.#items = []
      this.#bytes = 0
    }
    this.#items.push({ item, bytes })
    this.#bytes += bytes
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
      const next = this.#items.shift()
      if (next !== undefined) {
        this.#bytes -= next.bytes
        yield next.item
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
