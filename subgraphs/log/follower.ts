import { AisleError, type ErrorCode } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { thisMachine, type Machine } from '../../runtime/machine.ts'
import type { EntityName } from '../storage/entities.ts'
import { isDamage } from '../storage/sqlite/damage.ts'
import type { AppliedBatch, Replica } from '../storage/sqlite/replica.ts'
import { Backoff, pause } from './backoff.ts'
import type { ChangesPage, LogCursor, LogHead, LogSource } from './source.ts'

export interface FollowerOptions {
  readonly source: LogSource
  readonly replica: Replica
  readonly log: Logger
  /** Limits what a snapshot carries; what the replica holds without it. */
  readonly entities?: readonly EntityName[]
  /** Longest wait for a change in one request, in milliseconds: as old as the replica's age gets while nothing changes. */
  readonly waitMs?: number
  /** Most changes in one page. */
  readonly limit?: number
  /** Longest pause after a failure, in milliseconds. */
  readonly mostPauseMs?: number
  /** Batches that have become visible in the replica. */
  readonly onApplied?: (batches: readonly AppliedBatch[]) => void
  /**
   * More may have changed than `onApplied` has told: a fresh copy has taken the replica's place, so that readers should be opened
   * again, or taking in a page failed half-way.
   */
  readonly onReset?: () => void
  /** What the source says is the newest batch, once a page or copy. */
  readonly onHead?: (head: LogHead) => void
  /** The source answers (true), or has stopped answering (false); only when it changes. */
  readonly onLink?: (up: boolean) => void
  /** A page was taken in; `atHead` when the replica now stands at the head of the log as the source told it. */
  readonly onPage?: (atHead: boolean) => void
  /** A fresh copy has taken the replica's place. */
  readonly onCopied?: () => void
  /** From here on only a fresh copy helps. */
  readonly onCopyWanted?: () => void
  /** The source refuses whoever asks, not what is asked: it knows no such store, or speaks another protocol. */
  readonly onRefused?: (code: ErrorCode) => void
  readonly machine?: Machine
}

export interface Follower extends AsyncDisposable {
  /** Resolves when the replica holds a consistent copy; an old one counts. Rejects when the follower is stopped before. */
  ready(): Promise<void>
  /** Whether the source answered last time. */
  readonly online: boolean
}

/** Refusals after which only a fresh copy helps. */
const startAgain: ReadonlySet<ErrorCode> = new Set(['EPOCH_MISMATCH', 'POSITION_AHEAD', 'POSITION_TOO_OLD', 'LOG_GAP'])

/** Refusals of the follower itself: they end when somebody changes it, or the source. */
const ofTheFollower: ReadonlySet<ErrorCode> = new Set(['STORE_UNKNOWN', 'PROTOCOL_UNSUPPORTED'])

/** Faults that say that there is nobody to follow at the moment. */
const unanswered: ReadonlySet<ErrorCode> = new Set(['ORIGIN_UNREACHABLE', 'PROTOCOL_VIOLATION', 'DATABASE_UNAVAILABLE', 'SHUTTING_DOWN'])

/** The replica could not take what the source gave; it says nothing of the link. */
class ReplicaFault extends Error {
  override readonly name = 'ReplicaFault'
}

/** Runs what concerns the replica alone. */
function local<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (AisleError.is(error)) throw error
    throw new ReplicaFault(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/**
 * Keeps a replica in line with a log: a copy first, then whole batches as they come. Whatever the source does, the replica goes on
 * serving what it has; failures are retried with growing, jittered pauses, for ever.
 */
export function startFollower(options: FollowerOptions): Follower {
  const { source, replica, log, waitMs = 5_000, limit = 1_000, mostPauseMs = 10_000, machine = thisMachine } = options
  const stop = new AbortController()
  const { signal } = stop
  const { scopes } = replica
  const backoff = new Backoff(200, mostPauseMs, machine)
  const idle = new Backoff(200, mostPauseMs, machine)
  const copied = Promise.withResolvers<void>()
  copied.promise.catch(() => {})
  let online = false
  let copyWanted = replica.needsSnapshot
  if (replica.position() !== null) copied.resolve()

  const setLink = (up: boolean): void => {
    if (online === up) return
    online = up
    options.onLink?.(up)
  }

  const readPage = async (cursor: LogCursor | null, wait: number): Promise<ChangesPage> => {
    if (cursor === null) throw new AisleError('NOT_READY')
    const began = machine.monotonic()
    const page = await source.changes(scopes, cursor, { limit, waitMs: wait, signal })
    setLink(true)
    options.onHead?.(page.head)
    const progress = page.parts.length > 0 || page.next.batch > cursor.batch
    // A source that does not wait must not make this loop spin.
    if (!progress && machine.monotonic() - began < wait / 2) await pause(Math.min(wait, idle.failed()), signal, machine)
    else idle.succeeded()
    return page
  }

  const copy = async (): Promise<void> => {
    const began = machine.monotonic()
    const { entities = replica.entities } = options
    const { header, chunks } = await source.snapshot(scopes, { entities, signal })
    setLink(true)
    options.onHead?.(header.head)
    local(() => replica.beginSnapshot(header))
    for await (const chunk of chunks) local(() => replica.snapshotRows(chunk))
    while (!replica.caughtUp) {
      const page = await readPage(replica.catchUpCursor(), Math.min(waitMs, 1_000))
      local(() => replica.catchUp(page))
    }
    local(() => replica.finishSnapshot())
    copyWanted = false
    copied.resolve()
    options.onCopied?.()
    log.info({ rows: header.rows, ...replica.position(), seconds: (machine.monotonic() - began) / 1000 }, 'copied')
    options.onReset?.()
  }

  const step = async (): Promise<void> => {
    if (copyWanted) return copy()
    // Whoever was away learns at once where the log stands, and that the source answers.
    const page = await readPage(replica.cursor(), online ? waitMs : 0)
    local(() => take(page))
    backoff.succeeded()
  }

  const take = (page: ChangesPage): void => {
    const before = replica.position()?.batch
    try {
      const applied = replica.applyPage(page)
      if (applied.length > 0) options.onApplied?.(applied)
      options.onPage?.(page.next.within === undefined && page.next.batch === page.head.batch)
    } catch (error) {
      // Some of it may be in sight without having been told.
      if (replica.position()?.batch !== before) options.onReset?.()
      throw error
    }
  }

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await step()
      } catch (error) {
        if (signal.aborted) break
        const code = AisleError.is(error) ? error.code : null
        // A refusal is an answer.
        if (!(error instanceof ReplicaFault)) setLink(code !== null && !unanswered.has(code))
        if ((code !== null && startAgain.has(code)) || (error instanceof ReplicaFault && isDamage(error.cause))) {
          copyWanted = true
          options.onCopyWanted?.()
        }
        if (code !== null && ofTheFollower.has(code)) options.onRefused?.(code)
        log[backoff.failures === 0 ? 'warn' : 'debug']({ err: error, scopes }, 'following the log failed')
        await pause(backoff.failed(), signal, machine)
      }
    }
  }
  const running = run()

  return {
    ready: () => copied.promise,
    get online() {
      return online
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      copied.reject(new AisleError('SHUTTING_DOWN'))
    },
  }
}
