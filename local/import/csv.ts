import { parse } from 'csv-parse/sync'
import type { SourceRow } from './source.ts'

/** Longest record, in characters: past it, an open quote counts as never closed. */
const longestRecord = 1_000_000

const quoteProblems: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'a quoted value goes on behind its closing quote',
  INVALID_OPENING_QUOTE: 'a quote stands inside an unquoted value',
}

/**
 * Makes records of physical lines (RFC 4180). csv-parse reads every record that has quotes; this class decides which
 * lines belong to it, so that a broken quote costs the line it stands in and not the rest of the file.
 */
export class RecordAssembler {
  /** Number of columns; null until the header has been read. */
  #width: number | null = null
  #pending: string[] = []
  #pendingLength = 0
  #open = false
  /** Number of the last line fed. */
  #line = 0

  /** Takes the next line, without its line feed, and adds the records that it completes to `out`. */
  feed(line: string, out: SourceRow[]): void {
    this.#line += 1
    if (this.#pending.length === 0 && !line.includes('"')) {
      this.#plain(line, out)
      return
    }
    this.#pending.push(line)
    this.#pendingLength += line.length + 1
    if (countQuotes(line) % 2 === 1) this.#open = !this.#open
    if (!this.#open) this.#complete(out)
    else if (this.#pendingLength > longestRecord) this.#giveUpFirst('a quote that opens here is never closed', out)
  }

  /** The file is over: what is still open never closes. */
  end(out: SourceRow[]): void {
    while (this.#pending.length > 0) this.#giveUpFirst('a quote that opens here is never closed', out)
  }

  #plain(line: string, out: SourceRow[]): void {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line
    if (text !== '') this.#emit({ line: this.#line, cells: text.split(',').map(emptyAsNull), text }, out)
  }

  #complete(out: SourceRow[]): void {
    const joined = this.#pending.join('\n')
    const text = joined.endsWith('\r') ? joined.slice(0, -1) : joined
    const cells = readQuoted(text)
    const spansLines = this.#pending.length > 1
    if (typeof cells === 'string') {
      this.#giveUpFirst(cells, out)
    } else if (spansLines && this.#width !== null && cells.length !== this.#width) {
      this.#giveUpFirst('a quote that opens here is never closed', out)
    } else {
      const line = this.#line - this.#pending.length + 1
      this.#forget()
      this.#emit({ line, cells: cells.map(emptyAsNull), text }, out)
    }
  }

  /** The first pending line is bad; the lines behind it are read again on their own. */
  #giveUpFirst(problem: string, out: SourceRow[]): void {
    const [first = '', ...rest] = this.#pending
    this.#line -= rest.length
    this.#forget()
    this.#emit({ line: this.#line, cells: [], text: first.replace(/\r$/, ''), problem }, out)
    for (const line of rest) this.feed(line, out)
  }

  #emit(row: SourceRow, out: SourceRow[]): void {
    if (this.#width === null) this.#width = row.cells.length
    const fits = row.problem !== undefined || row.cells.length === this.#width
    out.push(fits ? row : { ...row, problem: `has ${row.cells.length} values where the header has ${this.#width} columns` })
  }

  #forget(): void {
    this.#pending = []
    this.#pendingLength = 0
    this.#open = false
  }
}

/** The cells of one record, or what is wrong with its quotes. */
function readQuoted(text: string): string[] | string {
  try {
    const records: string[][] = parse(text, { record_delimiter: '\n', max_record_size: 0 })
    return records[0] ?? []
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return quoteProblems[code] ?? 'its quotes do not follow RFC 4180'
  }
}

function countQuotes(line: string): number {
  let count = 0
  for (let at = line.indexOf('"'); at !== -1; at = line.indexOf('"', at + 1)) count += 1
  return count
}

function emptyAsNull(cell: string): string | null {
  return cell === '' ? null : cell
}

/** One line of CSV from cells. */
export function toCsvLine(cells: readonly (string | null)[]): string {
  return cells.map((cell) => (cell === null ? '' : /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')
}
