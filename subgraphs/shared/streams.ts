import type { Batch, Change, ChangeFeed } from './changes.ts'
import type { EntityName } from '../storage/entities.ts'

/**
 * A subscription's source that lets go of what it follows as soon as it is returned, even while it waits: a bare
 * async generator would sit in its pending `next` until something happened to come. `make` is called at once, so
 * what it subscribes to is not missed before the first `next`.
 */
export function stream<Event>(make: (signal: AbortSignal) => AsyncGenerator<Event>): AsyncIterableIterator<Event> {
  const stop = new AbortController()
  const events = make(stop.signal)
  return {
    next: () => events.next(),
    return() {
      stop.abort()
      return events.return(undefined)
    },
    throw(error: unknown) {
      stop.abort()
      return events.throw(error)
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/**
 * The batches of several scopes as they come, each scope's in its order; ends when one of them ends.
 * Subscribes when called, not at the first `next`.
 */
export function follow(feed: ChangeFeed, scopes: readonly string[], signal: AbortSignal): AsyncGenerator<Batch> {
  const sources = scopes.map((scope) => feed.subscribe(scope, signal))
  const [only] = sources
  return only !== undefined && sources.length === 1 ? forward(only) : interleave(sources)
}

async function* forward(source: AsyncIterableIterator<Batch>): AsyncGenerator<Batch> {
  yield* source
}

// No Promise.race over the sources: each race would leave a reaction on the promise of a scope that stays quiet.
async function* interleave(sources: readonly AsyncIterableIterator<Batch>[]): AsyncGenerator<Batch> {
  const ready: { readonly batch: Batch; readonly taken: () => void }[] = []
  const end: { reached: boolean; error?: unknown } = { reached: false }
  let wake = (): void => {}
  const pump = async (source: AsyncIterableIterator<Batch>): Promise<void> => {
    try {
      for await (const batch of source) {
        await new Promise<void>((taken) => {
          ready.push({ batch, taken })
          wake()
        })
      }
    } catch (error) {
      end.error ??= error
    }
    end.reached = true
    wake()
  }
  for (const source of sources) void pump(source)
  try {
    for (;;) {
      const next = ready.shift()
      if (next !== undefined) {
        next.taken()
        yield next.batch
      } else if (end.reached) {
        if (end.error !== undefined) throw end.error
        return
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    for (const source of sources) void source.return?.()
  }
}

/** The newest change of each key of one entity in a batch, in the order in which they became the newest. */
export function newestChanges(batch: Batch, entity: EntityName): Change[] {
  const newest = new Map<string, Change>()
  for (const change of batch.changes) {
    if (change.entity !== entity) continue
    const key = JSON.stringify(change.key)
    newest.delete(key)
    newest.set(key, change)
  }
  return [...newest.values()]
}
