import { AisleError, type ErrorCode } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { thisMachine, type Machine } from '../../runtime/machine.ts'
import type { Change } from '../shared/changes.ts'
import { entities as allEntities, type EntityName } from '../storage/entities.ts'
import { isDamage } from '../storage/sqlite/damage.ts'
import type { DamagedTables } from '../storage/sqlite/file-check.ts'
import type { AppliedBatch, Replica } from '../storage/sqlite/replica.ts'
import { askedToWait, Backoff, pause } from './backoff.ts'
import { RangeCheck } from './range-check.ts'
import { RangeCopy } from './range-copy.ts'
import type { RangeSource } from './ranges.ts'
import { local, localTarget, localWork, ReplicaFault } from './replica-fault.ts'
import { readingsHeldSince } from './retention.ts'
import type { ChangesPage, LogCursor, LogHead, LogSource } from './source.ts'

/**
 * Damage of the replica: rows that are not the source's, or tables in which SQLite found something wrong (null while it can't be told which). What
 * is told of tables stands in the place of what was told of them before.
 */
export type FoundDamage = { readonly ranges: RangeCheck['damaged'] } | { readonly tables: DamagedTables }

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
  /** Time between two comparisons of all rows with the source's, in milliseconds; 0 for none. One follows a stop that was not clean in any case. */
  readonly checkEveryMs?: number
  /** Damage that was found, and that the copy begun because of it will mend: so many ranges of rows, or none where SQLite itself found it. */
  readonly onDamage?: (ranges: number) => void
  /** Told at once of what is found, before it is known how far the damage goes; it ends with `onCopied`. */
  readonly onFound?: (found: FoundDamage) => void
  /** The replica is known to be damaged from before: only a fresh copy helps. */
  readonly damaged?: boolean
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
  /** The source refuses whoever asks, not what is asked: it knows no such store, speaks another protocol, or takes this node no more. */
  readonly onRefused?: (code: ErrorCode) => void
  /** Each failure to follow; it is tried again whatever it is. */
  readonly onFault?: (error: unknown) => void
  readonly machine?: Machine
}

export interface Follower extends AsyncDisposable {
  /** Resolves when the replica holds a consistent copy; an old one counts. Rejects when the follower is stopped before. */
  ready(): Promise<void>
  /** Whether the source answered last time. */
  readonly online: boolean
  /** Compares all rows with the source's as soon as it answers. */
  check(): void
}

/** Refusals after which only a fresh copy helps. */
const startAgain: ReadonlySet<ErrorCode> = new Set(['EPOCH_MISMATCH', 'POSITION_AHEAD', 'POSITION_TOO_OLD', 'LOG_DIVERGED', 'LOG_GAP'])

/** Refusals of the follower itself: they end when somebody changes it, or the source. */
const ofTheFollower: ReadonlySet<ErrorCode> = new Set(['STORE_UNKNOWN', 'PROTOCOL_UNSUPPORTED', 'NODE_REVOKED', 'OUT_OF_SCOPE'])

/** Faults that say that there is nobody to follow at the moment. */
const unanswered: ReadonlySet<ErrorCode> = new Set(['ORIGIN_UNREACHABLE', 'PROTOCOL_VIOLATION', 'DATABASE_UNAVAILABLE', 'SHUTTING_DOWN'])

/** Fewest changes asked for at once. */
const fewestChanges = 16

/** How long, in milliseconds, a batch may take that is about to come: whoever told of it may have told of another log. */
const longestToNextMs = 5 * 60_000

function isSamePlace(one: LogCursor | null, other: LogCursor): boolean {
  return one?.epoch === other.epoch && one.batch === other.batch && one.within?.scope === other.within?.scope && one.within?.position === other.within?.position
}

/** Null for what the source is too old to compare. */
async function comparable<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask()
  } catch (error) {
    if (AisleError.is(error) && error.code === 'BAD_REQUEST') return null
    throw error
  }
}

/** Rows that a replica drops by itself, by the hour. */
const heldForATime: ReadonlySet<EntityName> = new Set(['reading', 'edge_operation'])

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
  const first = Promise.withResolvers<void>()
  first.promise.catch(() => {})
  let oldSource = false
  /** Changes asked for at once: fewer after an answer that did not come through, so that a link which breaks every few seconds carries a long log too. */
  let most = limit
  let online = false
  let copyWanted = replica.needsSnapshot || options.damaged === true
  /** A copy by ranges that a failure of the link broke off. */
  let copying: RangeCopy | null = null
  let checking: RangeCheck | null = replica.unclean ? new RangeCheck(options.entities ?? replica.entities, machine) : null
  let fileChecked = !replica.unclean
  let touched: Change[] | null = null
  /** The copy whose damage SQLite is asked about, or has told. */
  let examined: number | null = null
  /** It still has the file open while it looks. */
  let examining: Promise<void> = Promise.resolve()
  /** Ends the wait for a change. */
  let wake = new AbortController()
  const wantCopy = (): void => {
    copyWanted = true
    options.onCopyWanted?.()
  }
  /** Somebody met damage: what else there is of it, SQLite's check tells. Until then it may be anywhere. */
  const examine = (): void => {
    const { generation } = replica
    if (examined === generation) return
    examined = generation
    options.onFound?.({ tables: null })
    examining = lookThrough(generation)
  }
  const lookThrough = async (generation: number): Promise<void> => {
    try {
      const tables = await replica.check()
      if (replica.generation === generation) options.onFound?.({ tables })
    } catch (error) {
      log.error({ err: error }, 'the damaged replica cannot be looked through')
    }
  }
  replica.onDamage((error) => {
    examine()
    if (copyWanted) return
    log.error({ err: error }, 'a reader met damage in the replica: it is put together anew')
    options.onDamage?.(0)
    wantCopy()
    wake.abort()
  })
  const check = (): void => {
    checking ??= new RangeCheck(options.entities ?? replica.entities, machine)
    fileChecked = false
    wake.abort()
  }
  const { checkEveryMs = 0 } = options
  const checkLater = (): Disposable | null =>
    checkEveryMs <= 0
      ? null
      : machine.after(checkEveryMs * (0.75 + machine.random() / 2), () => {
          check()
          schedule = checkLater()
        })
  let schedule = checkLater()
  if (replica.position() !== null) first.resolve()

  const setLink = (up: boolean): void => {
    if (online === up) return
    online = up
    options.onLink?.(up)
  }

  const readPage = async (cursor: LogCursor, wait: number): Promise<ChangesPage> => {
    wake = new AbortController()
    const page = await source.changes(scopes, cursor, { limit: most, waitMs: wait, signal: AbortSignal.any([signal, wake.signal]) })
    most = Math.min(limit, most * 2)
    setLink(true)
    options.onHead?.(page.head)
    return page
  }

  /** Asks for what comes after a place, and has it taken in; the place moves with it. True when it then is the head of the log. */
  const advance = async (place: () => LogCursor | null, wait: number, takeIn: (page: ChangesPage) => void | Promise<void>): Promise<boolean> => {
    const cursor = place()
    if (cursor === null) throw new AisleError('NOT_READY')
    const began = machine.monotonic()
    const page = await readPage(cursor, wait)
    await takeIn(page)
    // A source that does not wait, or brings what leads nowhere, must not make this loop spin.
    if (isSamePlace(place(), cursor) && machine.monotonic() - began < wait / 2) await pause(Math.min(wait, idle.failed()), signal, machine)
    else idle.succeeded()
    return page.next.batch === page.head.batch
  }

  /** Follows until a cut is reached that the source has told of. False where its log does not get there. */
  const advanceTo = async (reached: () => boolean, place: () => LogCursor | null, takeIn: (page: ChangesPage) => void | Promise<void>): Promise<boolean> => {
    let atHeadSince: number | null = null
    while (!reached()) {
      if (atHeadSince !== null && machine.monotonic() - atHeadSince > longestToNextMs) return false
      if (await advance(place, Math.min(waitMs, 1_000), takeIn)) atHeadSince ??= machine.monotonic()
    }
    return true
  }

  const catchUp = async (follows: (page: ChangesPage) => void = () => {}): Promise<void> => {
    const there = await advanceTo(() => replica.caughtUp, () => replica.catchUpCursor(), (page) => {
      follows(page)
      local(() => replica.catchUp(page))
    })
    if (!there) throw new AisleError('LOG_DIVERGED', 'The log does not reach the batch from which the copy was to be consistent.')
  }

  const { entities = replica.entities } = options

  const copyByRanges = async (ranges: RangeSource): Promise<void> => {
    const began = machine.monotonic()
    copying ??= new RangeCopy({
      source: ranges,
      scopes,
      entities,
      machine,
      target: localTarget(local(() => replica.beginParts())),
      onHeader(header) {
        setLink(true)
        options.onHead?.(header.head)
      },
    })
    const copy = copying
    await copy.run(signal)
    const { fetched } = copy
    await catchUp((page) => copy.follows(page))
    copying = null
    await localWork(() => replica.finishCopy())
    copied()
    log.info({ fetched, ...replica.position(), seconds: (machine.monotonic() - began) / 1000 }, 'copied by ranges')
  }

  const copied = (): void => {
    copyWanted = false
    first.resolve()
    options.onCopied?.()
    options.onReset?.()
  }

  const copy = async (): Promise<void> => {
    if (source.ranges !== undefined && !oldSource) return copyByRanges(source.ranges)
    const began = machine.monotonic()
    const { header, chunks } = await source.snapshot(scopes, { entities, signal })
    setLink(true)
    options.onHead?.(header.head)
    local(() => replica.beginSnapshot(header))
    for await (const chunk of chunks) local(() => replica.snapshotRows(chunk))
    await catchUp()
    await localWork(() => replica.finishCopy())
    copied()
    log.info({ rows: header.rows, ...replica.position(), seconds: (machine.monotonic() - began) / 1000 }, 'copied')
  }

  /** Compares the next entity with the source, and goes on following meanwhile. */
  const compareNext = async (look: RangeCheck, entity: EntityName, ranges: RangeSource): Promise<void> => {
    touched = []
    try {
      const digests = await comparable(() => ranges.digests(scopes, { entity, columns: Object.keys(allEntities[entity].columns), signal }))
      if (digests === null) return look.skip()
      setLink(true)
      const { consistentFrom } = digests.header
      if (!(await advanceTo(() => (replica.position()?.batch ?? 0) >= consistentFrom, () => replica.cursor(), take))) return look.skip()
      // In another hour than the source's, more or fewer readings are held.
      if (readingsHeldSince(digests.header.head.at) !== replica.state()?.readingsSince && heldForATime.has(entity)) return look.skip()
      await localWork(() => look.compare(digests, touched ?? [], (name, range) => replica.matches(name, range)))
      if (look.damaged.length === 0) return
      options.onFound?.({ ranges: look.damaged })
      // The copy that mends it compares everything.
      damaged('rows of the replica are not those of the cloud: they are fetched again', look.damaged.length, look.damaged.slice(0, 100))
    } finally {
      touched = null
    }
  }

  /** SQLite's own check of the whole file, for which nobody need answer. @returns whether the file is sound */
  const checkFile = async (): Promise<boolean> => {
    if (fileChecked) return true
    fileChecked = true
    const tables = await localWork(() => replica.check())
    if (tables?.length === 0) return true
    examined = replica.generation
    options.onFound?.({ tables })
    damaged('the replica is damaged: it is put together anew', 0, tables ?? [])
    return false
  }

  const checkOn = async (look: RangeCheck): Promise<void> => {
    if (!(await checkFile())) return
    const { entity } = look
    if (entity !== null && source.ranges !== undefined && !oldSource) return compareNext(look, entity, source.ranges)
    checking = null
  }

  const damaged = (text: string, ranges: number, found: readonly unknown[] = []): void => {
    log.error({ ranges, found }, text)
    options.onDamage?.(ranges)
    checking = null
    wantCopy()
  }

  const step = async (): Promise<void> => {
    if (copyWanted) return copy()
    // Whoever was away learns at once where the log stands, and that the source answers.
    await advance(() => replica.cursor(), online && checking === null ? waitMs : 0, take)
    if (checking !== null) await checkOn(checking)
    backoff.succeeded()
  }

  const take = (page: ChangesPage): Promise<void> =>
    localWork(async () => {
      const before = replica.position()?.batch
      try {
        const applied = await replica.takePage(page, signal)
        for (const { changes } of applied) touched?.push(...changes)
        if (applied.length > 0) options.onApplied?.(applied)
        options.onPage?.(page.next.within === undefined && page.next.batch === page.head.batch)
      } catch (error) {
        // Some of it may be in sight without having been told.
        if (replica.position()?.batch !== before) options.onReset?.()
        throw error
      }
    })

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await step()
      } catch (error) {
        if (signal.aborted) break
        // Woken for something that matters more than the wait.
        if (wake.signal.aborted && error instanceof Error && error.name === 'AbortError') continue
        const code = AisleError.is(error) ? error.code : null
        // A refusal is an answer.
        if (!(error instanceof ReplicaFault)) setLink(code !== null && !unanswered.has(code))
        // A store may be cut off for weeks.
        if (!online && checking !== null) await checkFile().catch((fault: unknown) => log.error({ err: fault }, 'the replica cannot be looked through'))
        const damage = error instanceof ReplicaFault && isDamage(error.cause)
        if (damage) {
          options.onDamage?.(0)
          examine()
        }
        if ((code !== null && startAgain.has(code)) || damage) {
          wantCopy()
          // What it has it keeps, and compares anew.
          copying = null
        }
        if (AisleError.is(error) && error.details.smaller === true) most = Math.max(fewestChanges, most >> 2)
        // An origin of an older version has no ranges, or does not know one of the entities.
        if (code === 'BAD_REQUEST' && copying !== null) {
          oldSource = true
          copying = null
        }
        if (code !== null && ofTheFollower.has(code)) options.onRefused?.(code)
        options.onFault?.(error)
        log[backoff.failures === 0 ? 'warn' : 'debug']({ err: error, ...(AisleError.is(error) ? { action: error.action } : {}), scopes }, 'following the log failed')
        await pause(Math.max(backoff.failed(), askedToWait(error, machine)), signal, machine)
      }
    }
  }
  const running = run()

  return {
    ready: () => first.promise,
    check,
    get online() {
      return online
    },
    async [Symbol.asyncDispose]() {
      schedule?.[Symbol.dispose]()
      stop.abort()
      await running
      await examining
      first.reject(new AisleError('SHUTTING_DOWN'))
    },
  }
}
