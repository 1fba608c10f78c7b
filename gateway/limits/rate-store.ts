import { Pool, type QueryConfig, type QueryResult } from 'pg'
import type { Logger } from '../../runtime/log.ts'

/** Longest wait for Postgres, in milliseconds: a request that it would keep longer is counted in memory instead. */
const defaultPatienceMs = 500
/** How long Postgres is not asked after it has failed, in milliseconds. */
const restMs = 1_000
const connections = 4

const table = 'gateway_spending'
// Unlogged: what was spent this minute is not worth a disk write, and may be lost with a crash.
const createTable = `CREATE UNLOGGED TABLE IF NOT EXISTS ${table} (key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0, expire bigint)`

/**
 * What clients have spent, in Postgres, so that all replicas count together. While it fails every question fails at once but one
 * a second, so that a database that hangs holds nobody up.
 */
export class RateStore implements AsyncDisposable {
  static readonly table = table
  readonly #pool: Pool
  readonly #log: Logger
  #restUntil = 0
  #failing = false
  #ready: Promise<unknown> | null = null

  /** @param patienceMs longest wait for Postgres */
  constructor(connectionString: string, log: Logger, patienceMs = defaultPatienceMs) {
    this.#log = log
    this.#pool = new Pool({ connectionString, max: connections, connectionTimeoutMillis: patienceMs, query_timeout: patienceMs, application_name: 'aisle gateway limits', allowExitOnIdle: true })
    this.#pool.on('error', () => {})
  }

  /** Called by the rate limiter. */
  async query(question: QueryConfig): Promise<QueryResult> {
    if (performance.now() < this.#restUntil) throw new Error('the store of rate limits rests after a failure')
    try {
      await (this.#ready ??= this.#create())
      const result = await this.#pool.query(question)
      if (this.#failing) this.#log.info('rate limits are shared over replicas again')
      this.#failing = false
      return result
    } catch (error) {
      this.#ready = null
      this.#restUntil = performance.now() + restMs
      if (!this.#failing) this.#log.warn({ err: error }, 'the store of rate limits fails: each replica counts on its own')
      this.#failing = true
      throw error
    }
  }

  /** Replicas that create the table at the same time get in each other's way, with one error or another of the catalogue; the second time it is there. */
  async #create(): Promise<void> {
    await this.#pool.query(createTable).catch(() => this.#pool.query(createTable))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end()
  }
}
