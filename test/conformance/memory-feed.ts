import type { Batch, Change, ChangeFeed } from '../../subgraphs/shared/changes.ts'

/** A change feed whose batches a test hands out itself. */
export class MemoryFeed implements ChangeFeed {
  readonly #followers = new Set<{ readonly scope: string; readonly push: (batch: Batch) => void }>()
  #number = 0

  /** How many readers it has now. */
  get followers(): number {
    return this.#followers.size
  }

  /** One batch, in every scope that its changes name. */
  emit(...changes: readonly Pick<Change, 'scope' | 'entity' | 'key' | 'row'>[]): void {
    this.#number += 1
    const complete = changes.map((change, index): Change => ({ ...change, position: index + 1, op: change.row === null ? 'delete' : 'put' }))
    for (const scope of new Set(changes.map((change) => change.scope))) {
      const batch: Batch = { number: this.#number, at: this.#number, changes: complete.filter((change) => change.scope === scope) }
      for (const follower of this.#followers) if (follower.scope === scope) follower.push(batch)
    }
  }

  subscribe(scope: string, signal?: AbortSignal): AsyncIterableIterator<Batch> {
    const waiting: Batch[] = []
    let wake = (): void => {}
    const state = { open: true }
    const follower = {
      scope,
      push(batch: Batch) {
        waiting.push(batch)
        wake()
      },
    }
    const close = (): void => {
      state.open = false
      this.#followers.delete(follower)
      wake()
    }
    this.#followers.add(follower)
    signal?.addEventListener('abort', close, { once: true })
    return {
      async next() {
        while (state.open && waiting.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        const batch = state.open ? waiting.shift() : undefined
        return batch === undefined ? { done: true, value: undefined } : { done: false, value: batch }
      },
      async return() {
        close()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}
