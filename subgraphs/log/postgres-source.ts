import type { PostgresStorage } from '../storage/postgres/storage.ts'
import { LogSignal } from './log-signal.ts'
import { readChanges } from './read-changes.ts'
import { SnapshotReader } from './read-snapshot.ts'
import type { LogSource } from './source.ts'

export interface PostgresSource extends LogSource, AsyncDisposable {
  /** How many requests wait for a change at this moment. */
  readonly waiting: number
  /** How many wait for their turn to take a copy. */
  readonly copiesWaiting: number
}

const defaultLimit = 1_000

/** The log where it lives. One listening connection serves all who wait. */
export function createPostgresSource(storage: PostgresStorage): PostgresSource {
  const signal = new LogSignal(storage)
  return sourceOf(storage, signal)
}

/** The same on a signal that is shared; disposing the source disposes the signal. */
export function sourceOf(storage: PostgresStorage, logSignal: LogSignal): PostgresSource {
  const snapshots = new SnapshotReader(storage)
  return {
    get waiting() {
      return logSignal.waiting
    },
    get copiesWaiting() {
      return snapshots.waiting
    },
    snapshot: (scopes, { entities, signal } = {}) => snapshots.read(scopes, entities, signal),
    async changes(scopes, after, { limit = defaultLimit, waitMs = 0, signal } = {}) {
      const until = performance.now() + waitMs
      for (;;) {
        signal?.throwIfAborted()
        const page = await readChanges(storage.pool, scopes, after, limit)
        const left = until - performance.now()
        if (page.parts.length > 0 || left <= 0) return page
        await logSignal.wait(scopes, page.head.batch, left, signal)
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([logSignal[Symbol.asyncDispose](), snapshots[Symbol.asyncDispose]()])
    },
  }
}
