import type pg from 'pg'
import { chainScope, entities, type EntityName, type ReplicatedEntity } from '../storage/entities.ts'
import { digestExpression } from './digest.ts'
import type { EntityDigests, EntityQuestion, KeyRange, RangeDigest, RangeRows, RangeSource, RowKey } from './ranges.ts'
import { entityQuery, type SnapshotReader } from './read-snapshot.ts'
import type { SnapshotHeader } from './source.ts'

/** Rows in one range: what has to be fetched again when one of them is wrong. */
const rowsPerRange = 256
/** Most rows of one answer, whatever is asked for. */
export const mostRows = 10_000

interface LeafRow {
  readonly rows: number
  readonly digest: string
  readonly last: RowKey | null
}

/** What an entity of the whole chain added up to at a position of its scope. */
interface KnownDigests {
  readonly epoch: string
  readonly position: number
  /** The batch that the log stood at, and what marks it: while the log has it, it is the log in which the position had these rows. */
  readonly batch: number
  readonly stamp: string
  readonly ranges: readonly RangeDigest[]
}

/** Answers by ranges of keys, from one state of the database each. What the whole chain shares is summed once a position. */
export function rangesOf(snapshots: SnapshotReader): RangeSource {
  const shared = new Map<string, KnownDigests>()

  return {
    async digests(scopes, { entity, columns, signal }: EntityQuestion): Promise<EntityDigests> {
      return snapshots.within(scopes, signal, async (connection, header) => {
        const { head: { epoch, batch, stamp }, consistentFrom, positions } = header
        const position = positions[chainScope] ?? 0
        const name = JSON.stringify([entity, columns])
        const settled = entities[entity].scope === 'chain' && consistentFrom === batch
        const known = shared.get(name)
        if (settled && known?.epoch === epoch && known.position === position && (await hasBatch(connection, known))) return { header, ranges: known.ranges }
        const ranges = await readDigests(connection, scopes, entity, columns, header)
        if (settled && stamp !== undefined) shared.set(name, { epoch, position, batch, stamp, ranges })
        return { header, ranges }
      })
    },
    async rows(scopes, { entity, range, limit, signal }): Promise<RangeRows> {
      return snapshots.within(scopes, signal, async (connection, header) => {
        const most = Math.min(Math.max(1, limit), mostRows)
        const source = entityQuery(scopes, entity, header.head.at)
        if (source === null) return { header, rows: [], through: range.through }
        const { key }: ReplicatedEntity = entities[entity]
        const { condition, values } = within(key, range)
        const { rows } = await connection.query<Record<string, string | number>>(`select * ${source} and ${condition} order by ${key.join(', ')} limit ${most}`, values)
        const last = rows.at(-1)
        const through = rows.length < most || last === undefined ? range.through : key.map((column) => last[column] ?? '')
        return { header, rows, through }
      })
    },
  }
}

/** A log that was taken back in its epoch may come to the same position with other rows. */
async function hasBatch(connection: pg.PoolClient, { batch, stamp }: KnownDigests): Promise<boolean> {
  const { rows } = await connection.query<{ has: boolean }>('select exists (select from log_batch where batch = $1 and stamp = $2) as has', [batch, stamp])
  return rows[0]?.has === true
}

async function readDigests(connection: pg.PoolClient, scopes: readonly string[], entity: EntityName, columns: readonly string[], header: SnapshotHeader): Promise<RangeDigest[]> {
  const source = entityQuery(scopes, entity, header.head.at)
  if (source === null) return [{ after: null, through: null, rows: 0, digest: '0' }]
  const { key, columns: known }: ReplicatedEntity = entities[entity]
  const names = key.join(', ')
  const { rows } = await connection.query<LeafRow>(`
    select count(*)::int as rows, sum(value)::text as digest, (jsonb_agg(jsonb_build_array(${names})) filter (where nth % ${rowsPerRange} = ${rowsPerRange - 1})) -> 0 as last
    from (select ${names}, ${digestExpression(columns, known)} as value, row_number() over (order by ${names}) - 1 as nth ${source}) r
    group by nth / ${rowsPerRange} order by nth / ${rowsPerRange}
  `)
  const ranges: RangeDigest[] = []
  let after: RowKey | null = null
  for (const { rows: count, digest, last } of rows) {
    ranges.push({ after, through: last, rows: count, digest })
    after = last
  }
  if (ranges.length === 0 || after !== null) ranges.push({ after, through: null, rows: 0, digest: '0' })
  return ranges
}

function within(key: readonly string[], { after, through }: KeyRange): { condition: string; values: (string | number)[] } {
  const tuple = `(${key.join(', ')})`
  const values: (string | number)[] = []
  const bound = (operator: string, place: RowKey | null): string => {
    if (place === null) return ''
    return ` and ${tuple} ${operator} (${place.map((value) => `$${values.push(value)}`).join(', ')})`
  }
  return { condition: `true${bound('>', after)}${bound('<=', through)}`, values }
}
