import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { PoolClient } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Cell, ImportTable } from './table.ts'

/** Makes the empty staging table of `table`; it is gone when the transaction ends. */
export async function createStaged(client: PoolClient, table: ImportTable): Promise<void> {
  const columns = Object.entries(table.staging).map(([column, type]) => `${column} ${type}`)
  await client.query('drop table if exists pg_temp.staged')
  await client.query(`create temp table staged (line bigint, ${columns.join(', ')}) on commit drop`)
}

/** A good row, on its way to the staging table. */
export interface StagedRow {
  readonly line: number
  readonly cells: readonly Cell[]
}

/** Copies rows into the staging table, chunk by chunk as they come. */
export async function copyStaged(client: PoolClient, chunks: AsyncIterable<readonly StagedRow[]>): Promise<void> {
  const copy = client.query(copyFrom('copy pg_temp.staged from stdin'))
  await pipeline(Readable.from(encode(chunks), { objectMode: true, highWaterMark: 4 }), copy)
  await client.query('analyze pg_temp.staged')
}

async function* encode(chunks: AsyncIterable<readonly StagedRow[]>): AsyncGenerator<Buffer, void, undefined> {
  for await (const rows of chunks) {
    let text = ''
    for (const { line, cells } of rows) {
      text += line
      for (const cell of cells) text += `\t${copyText(cell)}`
      text += '\n'
    }
    if (text !== '') yield Buffer.from(text)
  }
}

const special = /[\\\t\n\r]/g
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** A value in COPY's text format. */
function copyText(cell: Cell): string {
  if (cell === null) return '\\N'
  if (typeof cell === 'number') return String(cell)
  return cell.search(special) === -1 ? cell : cell.replaceAll(special, (character) => escapes[character] ?? character)
}

/** A row that is wrong only in the light of all rows. */
export interface BadRow {
  readonly line: number
  readonly column: string
  readonly reason: string
}

/** Takes rows out of the staging table that refer to nothing, then those that repeat a key, and says why. */
export async function takeOutBad(client: PoolClient, table: ImportTable): Promise<BadRow[]> {
  const bad: BadRow[] = []
  for (const { column, table: target, noun } of table.references) {
    const { rows } = await client.query<{ line: number; value: string }>(`
      delete from staged where ${column} is not null and not exists (select 1 from ${target} where id = staged.${column})
      returning line, ${column} as value`)
    for (const { line, value } of rows) bad.push({ line, column, reason: `no ${noun} ${JSON.stringify(value)} is known` })
  }
  if (table.key.length > 0) {
    const key = table.key.join(', ')
    const { rows } = await client.query<{ line: number; first_line: number }>(`
      delete from staged using (
        select line, first_value(line) over (partition by ${key} order by line) as first_line from staged
      ) as placed
      where staged.line = placed.line and placed.line <> placed.first_line
      returning staged.line, placed.first_line`)
    for (const row of rows) bad.push({ line: row.line, column: key, reason: `repeats line ${row.first_line}` })
  }
  return bad.toSorted((a, b) => a.line - b.line)
}
