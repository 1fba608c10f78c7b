import type { Batch, Change, ChangeFeed } from '../shared/changes.ts'
import { BatchQueue } from './batch-queue.ts'

/** Hands batches to whoever in this process has subscribed to their scopes. */
export interface LocalFeed extends ChangeFeed {
  /** Scopes that somebody has subscribed to. */
  readonly scopes: ReadonlySet<string>
  /** How many changes wait for the subscriber that is furthest behind. */
  readonly longestQueue: number
  /** Gives each subscriber the changes of its scope; who has none in this batch hears nothing. */
  publish(batch: Batch): void
  /** Ends all subscriptions: with an error where changes may have been missed, so that no reader goes on unknowing. */
  end(failure?: Error): void
}

/** `onScope` is called when a scope gets its first subscriber. */
export function createLocalFeed(onScope?: (scope: string) => void): LocalFeed {
  const queues = new Map<string, Set<BatchQueue>>()
  const scopes = new Set<string>()
  return {
    scopes,
    get longestQueue() {
      let longest = 0
      for (const ofScope of queues.values()) for (const { length } of ofScope) longest = Math.max(longest, length)
      return longest
    },
    subscribe(scope, signal) {
      const queue = new BatchQueue(() => {
        signal?.removeEventListener('abort', abort)
        const others = queues.get(scope)
        others?.delete(queue)
        if (others?.size === 0) {
          queues.delete(scope)
          scopes.delete(scope)
        }
      })
      const abort = (): void => queue.end()
      if (signal?.aborted === true) {
        queue.end()
        return queue
      }
      signal?.addEventListener('abort', abort)
      const others = queues.get(scope)
      if (others !== undefined) {
        others.add(queue)
      } else {
        queues.set(scope, new Set([queue]))
        scopes.add(scope)
        onScope?.(scope)
      }
      return queue
    },
    publish(batch) {
      for (const [scope, changes] of byScope(batch.changes, scopes)) {
        const part = changes.length === batch.changes.length ? batch : { number: batch.number, at: batch.at, changes }
        for (const queue of queues.get(scope) ?? []) queue.push(part)
      }
    },
    end(failure) {
      for (const ofScope of queues.values()) for (const queue of ofScope) queue.end(failure ?? null)
    },
  }
}

function byScope(changes: readonly Change[], wanted: ReadonlySet<string>): Map<string, Change[]> {
  const found = new Map<string, Change[]>()
  for (const change of changes) {
    if (!wanted.has(change.scope)) continue
    const same = found.get(change.scope)
    if (same === undefined) found.set(change.scope, [change])
    else same.push(change)
  }
  return found
}
