import { AisleError } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import type { Batch, ChangeFeed, LogPosition } from '../shared/changes.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import { Backoff, pause } from './backoff.ts'
import { createLocalFeed } from './local-feed.ts'
import { LogSignal } from './log-signal.ts'
import { sourceOf } from './postgres-source.ts'
import type { BatchPart, ChangesPage, LogCursor } from './source.ts'

const waitMs = 10_000

/**
 * The cloud's log as live changes: one reader a process, of all scopes that somebody has subscribed to. It outlives restarts of
 * Postgres without losing a batch; a batch that became visible just before the call may come too. When the log itself was
 * restarted, subscriptions end with SUBSCRIPTION_INTERRUPTED.
 */
export async function openChangeFeed(storage: PostgresStorage, log?: Logger): Promise<ChangeFeed & AsyncDisposable> {
  const logSignal = new LogSignal(storage)
  const source = sourceOf(storage, logSignal)
  const stop = new AbortController()
  let widened = new AbortController()
  let subscribed = Promise.withResolvers<void>()
  let epoch = ''
  /** The batch behind which to read on; null while nobody has subscribed. */
  let batch: number | null = null
  const feed = createLocalFeed(() => {
    batch ??= logSignal.head
    // A page under way lacks the new scope: it is dropped and read again.
    widened.abort()
    subscribed.resolve()
  })

  const readPage = async (cursor: LogCursor): Promise<ChangesPage | null> => {
    widened = new AbortController()
    const { signal } = widened
    try {
      const page = await source.changes([...feed.scopes], cursor, { waitMs, signal })
      return signal.aborted ? null : page
    } catch (error) {
      if (signal.aborted) return null
      throw error
    }
  }

  const follow = async (from: number): Promise<void> => {
    let cursor: LogCursor = { epoch, batch: from }
    let parts: BatchPart[] = []
    while (!stop.signal.aborted && feed.scopes.size > 0) {
      const page = await readPage(cursor)
      if (page === null) {
        // Parts of a batch may lack the new scope as well.
        parts = []
        cursor = { epoch, batch: cursor.batch }
        continue
      }
      for (const part of page.parts) {
        parts.push(part)
        if (!part.complete) continue
        feed.publish(join(parts))
        parts = []
      }
      cursor = page.next
      batch = cursor.batch
    }
  }

  /** Nobody knows what came between the old log and the new one: who has subscribed must ask anew. */
  const startAgain = async (cause: unknown): Promise<void> => {
    try {
      const fence = await readFence(storage)
      epoch = fence.epoch
      logSignal.restarted(fence.batch)
      batch = null
      feed.end(new AisleError('SUBSCRIPTION_INTERRUPTED', undefined, { cause }))
    } catch (error) {
      log?.warn({ err: error }, 'where the log begins again is not known yet')
    }
  }

  const run = async (): Promise<void> => {
    const backoff = new Backoff(50, 2_000)
    while (!stop.signal.aborted) {
      if (feed.scopes.size === 0) {
        batch = null
        subscribed = Promise.withResolvers<void>()
        await subscribed.promise
        continue
      }
      try {
        await follow(batch ?? logSignal.head)
        backoff.succeeded()
      } catch (error) {
        if (!stop.signal.aborted) log?.warn({ err: error }, 'reading the log failed')
        if (isRestart(error)) await startAgain(error)
        await pause(backoff.failed(), stop.signal)
      }
    }
  }

  try {
    epoch = (await readFence(storage)).epoch
    await logSignal.ready
  } catch (error) {
    await source[Symbol.asyncDispose]()
    throw error
  }
  const running = run()
  return {
    subscribe: (scope, signal) => feed.subscribe(scope, signal),
    async [Symbol.asyncDispose]() {
      stop.abort()
      widened.abort()
      subscribed.resolve()
      feed.end()
      await running
      await source[Symbol.asyncDispose]()
    },
  }
}

async function readFence({ pool }: PostgresStorage): Promise<LogPosition> {
  const { rows } = await pool.query<LogPosition>('select epoch, batch from log_fence where id = 1')
  const [fence] = rows
  if (fence === undefined) throw new AisleError('DATABASE_UNAVAILABLE', 'The log has no fence row: the database is not migrated.')
  return fence
}

function isRestart(error: unknown): boolean {
  return AisleError.is(error) && (error.code === 'EPOCH_MISMATCH' || error.code === 'POSITION_AHEAD' || error.code === 'LOG_DIVERGED' || error.code === 'POSITION_TOO_OLD')
}

function join(parts: readonly BatchPart[]): Batch {
  const [first] = parts
  return { number: first?.number ?? 0, at: first?.at ?? 0, changes: parts.flatMap((part) => part.changes) }
}
