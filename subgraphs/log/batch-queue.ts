import type { Batch, Change } from '../shared/changes.ts'

/** Changes that may wait before only the newest of each key is kept. */
const mostQueued = 1_000

/**
 * The batches that wait for one reader. Bounded by the number of keys in the scope: when many changes wait, the batches become one
 * with the newest change of each key.
 */
export class BatchQueue implements AsyncIterableIterator<Batch> {
  readonly #onEnd: () => void
  #batches: Batch[] = []
  #queued = 0
  #coalesceAbove = mostQueued
  #ended = false
  #failure: Error | null = null
  #wake: (() => void) | null = null

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** How many changes wait. */
  get length(): number {
    return this.#queued
  }

  push(batch: Batch): void {
    if (this.#ended) return
    this.#batches.push(batch)
    this.#queued += batch.changes.length
    if (this.#batches.length > 1 && this.#queued > this.#coalesceAbove) {
      const merged = coalesce(this.#batches)
      this.#batches = [merged]
      this.#queued = merged.changes.length
      // Merging again only after as many more have come keeps the work per change constant.
      this.#coalesceAbove = Math.max(mostQueued, this.#queued * 2)
    }
    this.#wake?.()
  }

  /** Ends the iteration: after what is queued, or with an error at once. */
  end(failure: Error | null = null): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    if (failure !== null) this.#clear()
    this.#onEnd()
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<Batch, undefined>> {
    for (;;) {
      const batch = this.#batches.shift()
      if (batch !== undefined) {
        this.#queued -= batch.changes.length
        if (this.#batches.length === 0) this.#coalesceAbove = mostQueued
        return { value: batch, done: false }
      }
      if (this.#ended) {
        const failure = this.#failure
        this.#failure = null
        if (failure !== null) throw failure
        return { value: undefined, done: true }
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
  }

  async return(): Promise<IteratorResult<Batch, undefined>> {
    this.end()
    this.#clear()
    return { value: undefined, done: true }
  }

  #clear(): void {
    this.#batches = []
    this.#queued = 0
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** One batch with the newest change of each key, in the order of the newest. */
export function coalesce(batches: readonly Batch[]): Batch {
  const newest = new Map<string, Change>()
  for (const { changes } of batches) {
    for (const change of changes) {
      const key = JSON.stringify([change.entity, change.key])
      newest.delete(key)
      newest.set(key, change)
    }
  }
  const last = batches.at(-1)
  return { number: last?.number ?? 0, at: last?.at ?? 0, changes: [...newest.values()] }
}
