import pg from 'pg'
import { AisleError } from '../../runtime/errors.ts'
import { chainScope, entities, type EntityName } from '../storage/entities.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import { pause } from './backoff.ts'
import { stamped } from './read-changes.ts'
import { outcomesHeldSince, readingsHeldSince } from './retention.ts'
import type { LogHead, Snapshot, SnapshotHeader, SnapshotRows } from './source.ts'

const rowsPerChunk = 1_000
/** Snapshots read at the same time; more wait for their turn. */
const atOnce = 4
/** A reader that takes no rows for this long (milliseconds) loses its snapshot: an open one keeps Postgres from cleaning up. */
const mostIdleMs = 120_000

/** How often, and after how many milliseconds, a state is taken anew that shows what the log does not have yet. */
const mostCuts = 3
const moveMs = 25

interface Cut {
  readonly connection: pg.PoolClient
  readonly header: Omit<SnapshotHeader, 'rows'>
}

/** Makes snapshots out of Postgres, a few at a time, on connections of their own. */
export class SnapshotReader implements AsyncDisposable {
  readonly #pool: pg.Pool
  /** One at a time, so that the fence is never held by an unbroken chain of readers. */
  #cutting: Promise<unknown> = Promise.resolve()

  constructor({ pool }: PostgresStorage) {
    this.#pool = new pg.Pool({ ...pool.options, max: atOnce + 1, min: 0 })
    this.#pool.on('error', () => {})
    // Between two reads nobody else hears that the server went away, and an event that nobody hears would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => {}))
  }

  /** Copies that wait for a connection. */
  get waiting(): number {
    return this.#pool.waitingCount
  }

  async read(scopes: readonly string[], wanted: readonly EntityName[] | undefined, signal?: AbortSignal): Promise<Snapshot> {
    const cut = this.#cutting.then(async () => {
      signal?.throwIfAborted()
      return this.#cut(scopes)
    })
    this.#cutting = cut.catch(() => {})
    const { connection, header } = await cut
    const end = once(() => void finish(connection))
    signal?.addEventListener('abort', end)
    const release = (): void => {
      signal?.removeEventListener('abort', end)
      end()
    }
    try {
      // Whoever gave up meanwhile will never ask for a row.
      signal?.throwIfAborted()
      const queries = entityQueries(scopes, wanted, header.head.at)
      return { header: { ...header, rows: await countRows(connection, queries) }, chunks: readChunks(connection, queries, release, signal) }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Runs `work` on one state of the database, with the place in the log that it belongs to; rows are not counted. */
  async within<Result>(scopes: readonly string[], signal: AbortSignal | undefined, work: (connection: pg.PoolClient, header: SnapshotHeader) => Promise<Result>): Promise<Result> {
    const cut = this.#cutting.then(async () => {
      signal?.throwIfAborted()
      return this.#cut(scopes)
    })
    this.#cutting = cut.catch(() => {})
    const { connection, header } = await cut
    try {
      const result = await work(connection, { ...header, rows: 0 })
      await finish(connection)
      return result
    } catch (error) {
      connection.release(true)
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end()
  }

  /**
   * A state in which nothing of these scopes waits to be moved, where there soon is one: what waits is in no log that a cloud which is taken back
   * just then can be held to.
   */
  async #cut(scopes: readonly string[]): Promise<Cut> {
    for (let tries = 1; ; tries += 1) {
      const cut = await this.#cutOnce(scopes)
      if (cut.header.consistentFrom === cut.header.head.batch || tries === mostCuts) return cut
      await finish(cut.connection)
      await pause(moveMs)
    }
  }

  /**
   * A transaction that sees one state of the database, and where the log stands in it. While the fence is held no batch is being moved,
   * so what the outbox holds in this state all comes in the very next batch: from there on rows and log agree.
   */
  async #cutOnce(scopes: readonly string[]): Promise<Cut> {
    const fence = await this.#pool.connect()
    const connection = await this.#pool.connect().catch((error: unknown) => {
      fence.release()
      throw error
    })
    try {
      await fence.query("begin; set local idle_in_transaction_session_timeout = '2s'")
      await fence.query('select from log_fence where id = 1 for share')
      await connection.query(`begin isolation level repeatable read read only; set local idle_in_transaction_session_timeout = ${mostIdleMs}; set local statement_timeout = 0`)
      const header = await readHeader(connection, scopes)
      await fence.query('commit')
      fence.release()
      return { connection, header }
    } catch (error) {
      fence.release(true)
      connection.release(true)
      throw error
    }
  }
}

async function readHeader(connection: pg.PoolClient, scopes: readonly string[]): Promise<Omit<SnapshotHeader, 'rows'>> {
  const { rows } = await connection.query<Omit<LogHead, 'stamp'> & { stamp: string | null; waiting: boolean; positions: Record<string, number> }>(
    `select epoch, batch, (select stamp from log_batch b where b.batch = log_fence.batch) as stamp, n.now, exists (select from outbox where scope = any($1)) as waiting, case when exists (select from outbox) then batch_at else n.now end as at,
       coalesce((select jsonb_object_agg(scope, position) from log_scope where scope = any($1)), '{}') as positions
     from log_fence cross join (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now) n where id = 1`,
    [scopes],
  )
  const [fence] = rows
  if (fence === undefined) throw new AisleError('DATABASE_UNAVAILABLE', 'The log has no fence row: the database is not migrated.')
  const { epoch, batch, stamp, at, now, waiting, positions } = fence
  return { head: { epoch, batch, ...stamped(stamp), at, now }, consistentFrom: waiting ? batch + 1 : batch, positions }
}

interface EntityQuery {
  readonly entity: EntityName
  /** From clause and condition. */
  readonly source: string
}

function entityQueries(scopes: readonly string[], wanted: readonly EntityName[] | undefined, at: number): EntityQuery[] {
  const names = (Object.keys(entities) as EntityName[]).filter((name) => wanted === undefined || wanted.includes(name))
  return names.flatMap((entity) => {
    const source = entityQuery(scopes, entity, at)
    return source === null ? [] : [{ entity, source }]
  })
}

/** From clause and condition of what the scopes hold of an entity as of an instant; null where they hold none. */
export function entityQuery(scopes: readonly string[], entity: EntityName, at: number): string | null {
  const chain = scopes.includes(chainScope)
  if (entities[entity].scope === 'chain') return chain ? `from ${entity} where true` : null
  const storeIds = scopes.filter((scope) => scope.startsWith('store:')).map((scope) => pg.escapeLiteral(scope.slice('store:'.length)))
  if (chain) storeIds.push("''")
  return storeIds.length === 0 ? null : `from ${entity} where store_id in (${storeIds.join(', ')})${retained(entity, at)}`
}

function retained(entity: EntityName, at: number): string {
  switch (entity) {
    case 'reading':
      return ` and at >= ${readingsHeldSince(at)}`
    case 'edge_operation':
      return ` and recorded_at >= ${outcomesHeldSince(at)}`
    default:
      return ''
  }
}

async function countRows(connection: pg.PoolClient, queries: readonly EntityQuery[]): Promise<number> {
  if (queries.length === 0) return 0
  const counts = queries.map(({ source }) => `(select count(*) ${source})`)
  const { rows } = await connection.query<{ rows: number }>(`select (${counts.join(' + ')}) as rows`)
  return rows[0]?.rows ?? 0
}

async function* readChunks(connection: pg.PoolClient, queries: readonly EntityQuery[], release: () => void, signal?: AbortSignal): AsyncGenerator<SnapshotRows> {
  try {
    for (const { entity, source } of queries) {
      await connection.query(`declare snapshot_rows no scroll cursor for select * ${source}`)
      for (;;) {
        signal?.throwIfAborted()
        const { rows } = await connection.query<Record<string, unknown>>(`fetch ${rowsPerChunk} from snapshot_rows`)
        if (rows.length === 0) break
        yield { entity, rows }
      }
      await connection.query('close snapshot_rows')
    }
  } finally {
    release()
  }
}

async function finish(connection: pg.PoolClient): Promise<void> {
  try {
    await connection.query('commit')
    connection.release()
  } catch {
    connection.release(true)
  }
}

function once(work: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    work()
  }
}
