import type { QueryConfig } from 'pg'
import type { Logger } from '../../../runtime/log.ts'
import { openPostgres, type PostgresOptions, type PostgresStorage } from './storage.ts'

/** When a read replica may answer. */
export interface ReadRouterOptions extends PostgresOptions {
  /** Most milliseconds that it may be behind the primary. */
  readonly maxLagMs: number
  /** How often both are asked where they stand, in milliseconds. */
  readonly everyMs?: number
  readonly log: Logger
}

/** Where reads go: to a replica while it keeps up, else to the primary. */
export interface ReadRouter extends AsyncDisposable {
  /** For what only reads and may be a moment old. */
  readonly storage: PostgresStorage
  /** Whether that is the replica just now. */
  readonly replicated: boolean
}

/**
 * Routes reads. The replica must have replayed what the primary had written `maxLagMs` ago: its own clock of replayed transactions stands
 * still both when nothing is written and when the connection to the primary is lost, so it says nothing.
 */
export function openReadRouter(primary: PostgresStorage, replicaUrl: string, options: ReadRouterOptions): ReadRouter {
  const { maxLagMs, everyMs = Math.max(50, maxLagMs / 4), log } = options
  const replica = openPostgres(replicaUrl, { connectTimeoutMs: maxLagMs, ...options })
  const marks: { readonly at: number; readonly written: bigint }[] = []
  let fit = false
  let knownAt = -Infinity
  let timer: NodeJS.Timeout | undefined
  let checking = check()
  let closed = false

  async function check(): Promise<void> {
    const before = fit
    try {
      fit = await keepsUp()
    } catch (error) {
      fit = false
      if (before) log.warn({ err: error }, 'the read replica does not answer')
    }
    knownAt = performance.now()
    if (fit !== before) log.info({ replicated: fit }, fit ? 'reads go to the replica' : 'reads go to the primary')
    if (!closed) timer = setTimeout(() => void (checking = check()), everyMs).unref()
  }

  async function keepsUp(): Promise<boolean> {
    // The replica is asked after the primary, so that a replica without lag has all that the primary told of.
    const at = performance.now()
    const written = await position(primary, 'pg_current_wal_lsn()', maxLagMs)
    const replayed = await position(replica, 'pg_last_wal_replay_lsn()', maxLagMs)
    marks.push({ at, written })
    const oldest = performance.now() - maxLagMs
    while (marks.length > 1 && (marks[1]?.at ?? Infinity) <= oldest) marks.shift()
    return replayed >= (marks[0]?.written ?? written)
  }

  // A check that takes long tells nothing meanwhile.
  const replicated = (): boolean => fit && performance.now() - knownAt <= 2 * maxLagMs + everyMs
  return {
    get storage() {
      return replicated() ? replica : primary
    },
    get replicated() {
      return replicated()
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
      await checking
      await replica[Symbol.asyncDispose]()
    },
  }
}

/** A place in the write-ahead log, in bytes. @throws Error where the server has none, such as a primary asked for what it replayed */
async function position({ pool }: PostgresStorage, of: string, timeoutMs: number): Promise<bigint> {
  const { rows } = await pool.query<{ bytes: string | null }>({ text: `select (${of} - '0/0'::pg_lsn)::text as bytes`, query_timeout: timeoutMs } as QueryConfig)
  const bytes = rows[0]?.bytes
  if (bytes === undefined || bytes === null) throw new Error('This is no read replica: it replays nothing.')
  return BigInt(bytes)
}
