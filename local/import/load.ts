import type { PoolClient } from 'pg'
import { AisleError } from '../../runtime/errors.ts'
import { toCsvLine } from './csv.ts'
import type { Rejects } from './rejects.ts'
import { describeReject, type FileReport, type Reject } from './report.ts'
import { RowProblem, RowReader } from './row.ts'
import type { SourceRow, SourceTable } from './source.ts'
import { copyStaged, createStaged, takeOutBad, type BadRow, type StagedRow } from './staging.ts'
import type { ImportTable, Remark } from './table.ts'

/** How far an import is. */
export interface Progress {
  readonly file: string
  /** Rows of this file read so far. */
  readonly rows: number
  /** Rows of this file, where that is known. */
  readonly total?: number
  /** Share of this file read so far, 0 to 1, where that is known. */
  readonly fraction?: number
}

export interface LoadOptions {
  readonly rejects: Rejects
  readonly strict: boolean
  readonly now: number
  readonly onProgress: (progress: Progress) => void
}

/**
 * Loads one table in the transaction of `client`: reads and checks each row, stages the good ones, takes out what only shows
 * in the light of all rows, merges the rest.
 * @throws AisleError IMPORT_REJECTED at the first bad row when strict, IMPORT_SOURCE_INVALID where a column is missing
 */
export async function loadTable(client: PoolClient, table: ImportTable, from: SourceTable, options: LoadOptions): Promise<FileReport> {
  const lacking = table.required.filter((column) => !from.columns.includes(column))
  if (lacking.length > 0) throw new AisleError('IMPORT_SOURCE_INVALID', `${from.file} lacks the column${lacking.length > 1 ? 's' : ''} ${lacking.join(', ')}.`)
  const remarks = new Map<string, number>()
  const remark: Remark = (text, rows = 1) => {
    if (rows > 0) remarks.set(text, (remarks.get(text) ?? 0) + rows)
  }
  const time = stopwatch()

  await createStaged(client, table)
  const pass = new Pass(table, from, options, remark)
  await copyStaged(client, pass.goodRows())
  const read = time()
  const bad = await takeOutBad(client, table)
  if (options.strict) stopAtFirst(from, pass.stoppedAt, bad)
  await rejectByLine(from, bad, options.rejects)
  const check = time()
  const changed = await table.merge({
    now: options.now,
    remark,
    run: async <Row extends object>(text: string, values: readonly unknown[] = []) => (await client.query<Row>(text, [...values])).rows,
    change: async (text, values = []) => (await client.query(text, [...values])).rowCount ?? 0,
  })
  const merge = time()

  const rejected = pass.rejected + bad.length
  const loaded = pass.read - rejected
  return {
    file: from.file,
    read: pass.read,
    loaded,
    changed,
    unchanged: loaded - changed,
    rejected,
    remarks: [...remarks].map(([text, rows]) => ({ text, rows })),
    ms: { read, check, merge },
  }
}

/** One reading of a table: what is good goes on, what is bad is rejected at once, or stops a strict import. */
class Pass {
  read = 0
  rejected = 0
  stoppedAt: Reject | null = null
  readonly #table: ImportTable
  readonly #from: SourceTable
  readonly #options: LoadOptions
  readonly #remark: Remark

  constructor(table: ImportTable, from: SourceTable, options: LoadOptions, remark: Remark) {
    this.#table = table
    this.#from = from
    this.#options = options
    this.#remark = remark
  }

  async *goodRows(): AsyncGenerator<readonly StagedRow[], void, undefined> {
    const reader = new RowReader(this.#from.columns)
    for await (const rows of this.#from.rows()) {
      const good: StagedRow[] = []
      for (const row of rows) {
        this.read += 1
        const result = this.#check(reader, row)
        if (!(result instanceof RowProblem)) {
          good.push({ line: row.line, cells: result })
          continue
        }
        const reject = rejectOf(this.#from, row, result)
        if (this.#options.strict) {
          this.stoppedAt = reject
          break
        }
        this.rejected += 1
        await this.#options.rejects.add(reject)
      }
      yield good
      this.#report()
      if (this.stoppedAt !== null) return
    }
  }

  #check(reader: RowReader, row: SourceRow): StagedRow['cells'] | RowProblem {
    if (row.problem !== undefined) return new RowProblem(null, row.problem)
    try {
      return this.#table.read(reader.on(row.cells), this.#remark)
    } catch (error) {
      if (error instanceof RowProblem) return error
      throw error
    }
  }

  #report(): void {
    const { file, total, fraction } = this.#from
    this.#options.onProgress({
      file,
      rows: this.read,
      ...(total === undefined ? {} : { total }),
      ...(fraction === undefined ? {} : { fraction: fraction() }),
    })
  }
}

/** A strict import names the first bad row of the file, whichever check found it. */
function stopAtFirst(from: SourceTable, stopped: Reject | null, bad: readonly BadRow[]): void {
  const [earlier] = bad
  const first = earlier !== undefined ? { file: from.file, ...earlier } : stopped
  if (first === null) return
  const { file, line, column, reason } = first
  throw new AisleError('IMPORT_REJECTED', `Nothing was loaded: ${describeReject(first)}`, { details: { file, line, column, reason } })
}

/** Finds the rows again in the source, for the rejects file shows them as they stand there. */
async function rejectByLine(from: SourceTable, bad: readonly BadRow[], rejects: Rejects): Promise<void> {
  const byLine = new Map(bad.map((row) => [row.line, row]))
  if (byLine.size === 0) return
  for await (const rows of from.rows()) {
    for (const row of rows) {
      const found = byLine.get(row.line)
      if (found === undefined) continue
      byLine.delete(row.line)
      await rejects.add(rejectOf(from, row, found))
    }
    if (byLine.size === 0) return
  }
}

function rejectOf(from: SourceTable, row: SourceRow, problem: { readonly column: string | null; readonly reason: string }): Reject {
  return { file: from.file, line: row.line, column: problem.column, reason: problem.reason, row: row.text ?? toCsvLine(row.cells) }
}

/** Each call gives the milliseconds since the one before. */
function stopwatch(): () => number {
  let last = performance.now()
  return () => {
    const now = performance.now()
    const elapsed = now - last
    last = now
    return elapsed
  }
}
