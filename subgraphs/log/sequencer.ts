import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Logger } from '../../runtime/log.ts'
import { Counter, Gauge, Histogram, type Registry } from '../../runtime/metrics.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import { Backoff, pause } from './backoff.ts'
import { openConnection } from './connection.ts'
import { beginBatch, moveAndCommit, outboxWaits, releaseLease, renewLease, takeLease } from './fence.ts'

export interface SequencerOptions {
  /** Names this process in the fence, for the operator to read. */
  readonly owner: string
  /** Least time between two batches, in milliseconds: more puts more changes in one batch. */
  readonly tickMs?: number
  /** How long after its last sign of life another takes over, in milliseconds. */
  readonly leaseMs?: number
  readonly log: Logger
  readonly metrics: Registry
}

export interface Sequencer extends AsyncDisposable {
  /** True while this one moves the log, false while it stands by. */
  readonly leading: boolean
}

/**
 * Moves captured changes from the outbox to the log, one batch a tick. Any number may run: the lease lets one at a time work, and the term
 * in the fence row, checked under its lock in every tick, keeps a former leader that does not know it yet from moving anything.
 */
export function startSequencer(storage: PostgresStorage, { owner, tickMs = 20, leaseMs = 5_000, log, metrics }: SequencerOptions): Sequencer {
  const stop = new AbortController()
  /** Its own alone, so that it takes up its own lease again at once when only the connection was lost. */
  const holder = `${owner}/${randomUUID()}`
  const figures = createFigures(metrics)
  const tidying = new Tidying(storage, log)
  let leading = false

  const lead = async (client: pg.Client, term: number): Promise<void> => {
    log.info({ owner, term }, 'sequencing')
    leading = true
    figures.leading.set(1)
    let renewedAt = performance.now()
    let moving = false
    try {
      while (!stop.signal.aborted) {
        // Where changes came just now there are more.
        if (moving || (await outboxWaits(client))) {
          const moved = await tick(client, term)
          if (moved === null) return
          moving = moved > 0
          renewedAt = performance.now()
        } else if (performance.now() - renewedAt > leaseMs / 3) {
          if ((await renewLease(client, term, leaseMs)) === null) return
          renewedAt = performance.now()
        }
        await pause(Math.max(tickMs, leastLookMs), stop.signal)
      }
      await releaseLease(client, term)
    } finally {
      leading = false
      figures.leading.set(0)
      log.info({ owner, term }, 'no longer sequencing')
    }
  }

  /** How many changes were moved; null when another has taken over. */
  const tick = async (client: pg.Client, term: number): Promise<number | null> => {
    const end = figures.tick.startTimer()
    const lease = await beginBatch(client, term, leaseMs)
    if (lease === null || !lease.waiting) {
      await client.query(lease === null ? 'rollback' : 'commit')
      return lease === null ? null : 0
    }
    const moved = await moveAndCommit(client)
    end()
    if (moved === null) return 0
    figures.batch.set(moved.batch)
    figures.changes.inc(moved.changes)
    tidying.moved(moved.changes)
    return moved.changes
  }

  const run = async (): Promise<void> => {
    const backoff = new Backoff(50, 2_000)
    while (!stop.signal.aborted) {
      let client: pg.Client | null = null
      try {
        client = await openConnection(storage, mostMoveMs)
        // A leader that freezes in the middle of a tick must not keep the fence locked; one that works may take its time, whatever the server's default.
        await client.query(`set idle_in_transaction_session_timeout = ${Math.max(1_000, leaseMs)}; set statement_timeout = 0; set lock_timeout = 0`)
        // What is moved has no statistics: taken for one row, thousands would be joined with thousands row by row.
        await client.query('set enable_nestloop = off')
        while (!stop.signal.aborted) {
          const term = await takeLease(client, holder, leaseMs)
          backoff.succeeded()
          if (term === null) await pause(Math.min(1_000, leaseMs / 2), stop.signal)
          else await lead(client, term)
        }
      } catch (error) {
        if (!stop.signal.aborted) log.warn({ err: error, owner }, 'sequencing interrupted')
        await pause(backoff.failed(), stop.signal)
      } finally {
        await client?.end().catch(() => {})
      }
    }
  }
  const running = run()

  return {
    get leading() {
      return leading
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await tidying.done
    },
  }
}

/**
 * Whoever looks whether the outbox is empty goes through the dead rows of all that was moved. Autovacuum comes once a minute: by then, where a thousand
 * changes a second pass, each look reads megabytes.
 */
class Tidying {
  readonly #storage: PostgresStorage
  readonly #log: Logger
  #moved = 0
  #running: Promise<void> | null = null

  constructor(storage: PostgresStorage, log: Logger) {
    this.#storage = storage
    this.#log = log
  }

  get done(): Promise<void> | null {
    return this.#running
  }

  moved(changes: number): void {
    this.#moved += changes
    if (this.#moved < untidy || this.#running !== null) return
    this.#moved = 0
    this.#running = this.#tidy().finally(() => {
      this.#running = null
    })
  }

  async #tidy(): Promise<void> {
    try {
      await this.#storage.pool.query('vacuum (skip_locked, truncate off) outbox')
    } catch (error) {
      this.#log.debug({ err: error }, 'the outbox was not tidied')
    }
  }
}

/** Least time between two looks at the outbox, in milliseconds. */
const leastLookMs = 5

/** So many dead rows cost who looks nothing to speak of. */
const untidy = 5_000

/** Moving an outbox that filled up for hours takes a while; only a connection that is dead takes longer than this. */
const mostMoveMs = 600_000

function createFigures(metrics: Registry) {
  const registers = [metrics]
  return {
    leading: new Gauge({ name: 'aisle_sequencer_leading', help: '1 while this process moves the log', registers }),
    batch: new Gauge({ name: 'aisle_log_batch', help: 'Newest batch moved by this process', registers }),
    changes: new Counter({ name: 'aisle_log_changes_total', help: 'Changes moved by this process', registers }),
    tick: new Histogram({
      name: 'aisle_sequencer_tick_seconds',
      help: 'Time to move one batch',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  }
}
