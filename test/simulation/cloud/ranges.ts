import { RangeSum } from '../../../subgraphs/log/digest.ts'
import { compareKeys, isWithin, type EntityDigests, type EntityQuestion, type KeyRange, type RangeDigest, type RangeRows, type RowKey } from '../../../subgraphs/log/ranges.ts'
import { entities, type EntityName, type ReplicatedEntity } from '../../../subgraphs/storage/entities.ts'
import type { ModelCloud } from './cloud.ts'
import type { Row } from './rows.ts'

/** Few, so that the small tables of a simulation have several ranges. */
const rowsPerRange = 4

/** What the rows of an entity add up to, by ranges of their keys. */
export function digestsOf(cloud: ModelCloud, scopes: readonly string[], { entity, columns }: EntityQuestion): EntityDigests {
  const { header, rows } = sorted(cloud, scopes, entity)
  const known: Readonly<Record<string, 'text' | 'integer' | 'real'>> = entities[entity].columns
  const typed = columns.map((name) => [name, known[name] ?? 'text'] as const)
  const ranges: RangeDigest[] = []
  let after: RowKey | null = null
  for (let from = 0; from < rows.length; from += rowsPerRange) {
    const some = rows.slice(from, from + rowsPerRange)
    const last = some.at(-1)
    const through: RowKey | null = some.length < rowsPerRange || last === undefined ? null : keyOf(entity, last)
    const sum = new RangeSum()
    for (const row of some) sum.add(row, typed)
    ranges.push({ after, through, rows: sum.rows, digest: sum.digest })
    after = through
  }
  if (ranges.length === 0 || after !== null) ranges.push({ after, through: null, rows: 0, digest: '0' })
  return { header, ranges }
}

/** The rows of a range in order of key, `limit` of them at most. */
export function rowsOf(cloud: ModelCloud, scopes: readonly string[], entity: EntityName, range: KeyRange, limit: number): RangeRows {
  const { header, rows } = sorted(cloud, scopes, entity)
  const some = rows.filter((row) => isWithin(keyOf(entity, row), range)).slice(0, limit)
  const last = some.at(-1)
  return { header, rows: some, through: some.length < limit || last === undefined ? range.through : keyOf(entity, last) }
}

function sorted(cloud: ModelCloud, scopes: readonly string[], entity: EntityName) {
  const { header, chunks } = cloud.snapshot(scopes, [entity])
  const rows: Row[] = chunks.flatMap((chunk) => chunk.rows)
  return { header: { ...header, rows: 0 }, rows: rows.toSorted((a, b) => compareKeys(keyOf(entity, a), keyOf(entity, b))) }
}

function keyOf(entity: EntityName, row: Row): (string | number)[] {
  const { key }: ReplicatedEntity = entities[entity]
  return key.map((column) => row[column] as string | number)
}
