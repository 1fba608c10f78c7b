import type { Logger } from '../../runtime/log.ts'
import { Counter, type Registry } from '../../runtime/metrics.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import { pause } from './backoff.ts'
import { compactLog } from './compact.ts'
import { openConnection } from './connection.ts'
import { batchBefore, batchBehind, pruneLog, pruneOutcomes } from './prune.ts'

export interface UpkeepOptions {
  /** Batches older than this (milliseconds) are compacted. */
  readonly compactAfterMs: number
  /** Batches older than this (milliseconds) are dropped: who was away longer compares digests. */
  readonly retentionMs: number
  /** Most changes that the log keeps, older ones being dropped whatever their age. */
  readonly mostChanges: number
  /** How long the outcome of a write is remembered, in milliseconds. */
  readonly outcomeRetentionMs: number
  /** Time between two rounds, in milliseconds. */
  readonly everyMs: number
  readonly log: Logger
  readonly metrics: Registry
}

/** Any number may run: this lock lets one at a time work. */
const lock = "hashtextextended('aisle log upkeep', 0)"

/** Keeps the log and the outcomes of writes in bounds, round after round, until disposed. */
export function startUpkeep(storage: PostgresStorage, options: UpkeepOptions): AsyncDisposable {
  const { everyMs, log, metrics } = options
  const stop = new AbortController()
  const dropped = new Counter({ name: 'aisle_log_dropped_total', help: 'Rows dropped by this process: superseded and out-of-retention changes, and outcomes of writes', labelNames: ['why'], registers: [metrics] })
  const running = (async () => {
    // Replicas that start together look at different times.
    await pause(everyMs * Math.random(), stop.signal)
    while (!stop.signal.aborted) {
      try {
        const done = await upkeep(storage, options, stop.signal)
        if (done !== null) for (const [why, rows] of Object.entries(done)) dropped.inc({ why }, rows)
      } catch (error) {
        if (!stop.signal.aborted) log.warn({ err: error }, 'the upkeep of the log was interrupted')
      }
      await pause(everyMs, stop.signal)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

export interface UpkeepDone {
  readonly superseded: number
  readonly old: number
  readonly outcomes: number
}

/** One round; null while another process is at it. */
export async function upkeep(
  storage: PostgresStorage,
  { compactAfterMs, retentionMs, mostChanges, outcomeRetentionMs }: Pick<UpkeepOptions, 'compactAfterMs' | 'retentionMs' | 'mostChanges' | 'outcomeRetentionMs'>,
  signal?: AbortSignal,
): Promise<UpkeepDone | null> {
  const { pool } = storage
  const holder = await openConnection(storage)
  try {
    const { rows } = await holder.query<{ held: boolean; now: number }>(`select pg_try_advisory_lock(${lock}) as held, (extract(epoch from now()) * 1000)::bigint as now`)
    const [state] = rows
    if (state?.held !== true) return null
    const keepBehind = Math.max(await batchBefore(pool, state.now - retentionMs), await batchBehind(pool, mostChanges))
    const old = await pruneLog(pool, keepBehind, signal)
    const superseded = await compactLog(pool, await batchBefore(pool, state.now - compactAfterMs), signal)
    const outcomes = await pruneOutcomes(pool, state.now - outcomeRetentionMs, signal)
    return { superseded, old, outcomes }
  } finally {
    // The lock goes with its connection.
    await holder.end().catch(() => {})
  }
}
