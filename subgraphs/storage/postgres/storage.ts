import { Kysely, PostgresDialect, sql, type CompiledQuery, type LogEvent } from 'kysely'
import pg from 'pg'
import type { Database } from '../database.ts'
import type { Dialect, Storage } from '../storage.ts'

/** bigint columns hold epoch milliseconds, minor units and positions: all below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (oid === pg.types.builtins.INT8 && format !== 'binary') return Number
    return pg.types.getTypeParser(oid, format) as (value: string) => unknown
  },
}

export const postgresDialect: Dialect = {
  name: 'postgres',
  isIn: (column, values) => sql`${column} = any(${values}::text[])`,
  bindList: (_parameter, values) => values,
}

/** Postgres as a storage, with its pool for what Kysely does not do (COPY, LISTEN). */
export interface PostgresStorage extends Storage, AsyncDisposable {
  readonly pool: pg.Pool
  readonly connectionString: string
}

export interface PostgresOptions {
  /** Most connections at once. */
  readonly connections?: number
  /** Most milliseconds that one statement may run; the server ends it then. None without. */
  readonly statementTimeoutMs?: number
  /** Most milliseconds to wait for a connection to be made. */
  readonly connectTimeoutMs?: number
  /** Called with every statement run through Kysely, for metrics and for tests that count them. */
  readonly onStatement?: (event: LogEvent) => void
}

/** Opens a pool; nothing connects before the first statement. */
export function openPostgres(connectionString: string, options: PostgresOptions = {}): PostgresStorage {
  const { statementTimeoutMs, connectTimeoutMs } = options
  const pool = new pg.Pool({
    connectionString,
    max: options.connections ?? 10,
    types,
    application_name: 'aisle',
    keepAlive: true,
    ...(connectTimeoutMs === undefined ? {} : { connectionTimeoutMillis: connectTimeoutMs }),
    // A server that has vanished ends nothing, so this side stops waiting a little later by itself.
    ...(statementTimeoutMs === undefined ? {} : { statement_timeout: statementTimeoutMs, query_timeout: statementTimeoutMs + 1_000 }),
  })
  // An idle connection that the server closes must not end the process; the next statement opens another.
  pool.on('error', () => {})
  // Nor one that is held and has no statement under way: the next statement on it fails, and that is enough.
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    ...(options.onStatement === undefined ? {} : { log: options.onStatement }),
  })
  return {
    db,
    pool,
    connectionString,
    dialect: postgresDialect,
    async run<Row>(query: CompiledQuery<Row>, parameters: readonly unknown[]) {
      const bound: CompiledQuery<Row> = { ...query, parameters }
      return (await db.executeQuery(bound)).rows
    },
    async [Symbol.asyncDispose]() {
      await db.destroy()
      // Kysely leaves a pool alone that it has never used itself.
      if (!pool.ending && !pool.ended) await pool.end()
    },
  }
}
