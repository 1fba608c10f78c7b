import { currencyDigits, toMinor } from '../../subgraphs/shared/money.ts'
import { readAttributes } from './attributes.ts'
import { readTime } from './time.ts'

/** What is wrong with one row, and in which column (null where no single one is at fault). Thrown, but not an error of the program. */
export class RowProblem {
  readonly column: string | null
  readonly reason: string
  constructor(column: string | null, reason: string) {
    this.column = column
    this.reason = reason
  }
}

const currencies = new Set(Intl.supportedValuesOf('currency'))
const timezones = new Map<string, boolean>()
const control = /\p{Cc}/u
const integerText = /^[+-]?\d{1,18}$/
const numberText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/
const int4 = { min: -2_147_483_648, max: 2_147_483_647 }

/** Reads the cells of one row by column name. Every method throws RowProblem where a cell cannot be used. */
export class RowReader {
  readonly #columns: ReadonlyMap<string, number>
  #cells: readonly (string | null)[] = []

  constructor(columns: readonly string[]) {
    this.#columns = new Map(columns.map((column, at) => [column, at]))
  }

  /** Turns to the next row. */
  on(cells: readonly (string | null)[]): this {
    this.#cells = cells
    return this
  }

  /** Text, or null where it is empty or the file lacks the column. */
  optional(column: string): string | null {
    const at = this.#columns.get(column)
    const text = at === undefined ? null : (this.#cells[at] ?? null)
    if (text !== null && text.includes('\u0000')) throw new RowProblem(column, 'holds a NUL character')
    if (text !== null && text.includes('\uFFFD')) throw new RowProblem(column, 'is not valid UTF-8')
    return text
  }

  text(column: string): string {
    const text = this.optional(column)
    if (text === null) throw new RowProblem(column, 'is empty')
    return text
  }

  id(column: string): string {
    return checkedId(column, this.text(column))
  }

  optionalId(column: string): string | null {
    const text = this.optional(column)
    return text === null ? null : checkedId(column, text)
  }

  integer(column: string, min = int4.min): number {
    const text = this.text(column)
    if (!integerText.test(text)) throw new RowProblem(column, `${quote(text)} is not a whole number`)
    const value = Number(text)
    if (value < min) throw new RowProblem(column, `${text} is less than ${min}`)
    if (value > int4.max) throw new RowProblem(column, `${text} is more than ${int4.max}`)
    return value
  }

  optionalInteger(column: string, min?: number): number | null {
    return this.optional(column) === null ? null : this.integer(column, min)
  }

  number(column: string, min = -Infinity, max = Infinity): number {
    const text = this.text(column)
    const value = numberText.test(text) ? Number(text) : Number.NaN
    if (!Number.isFinite(value)) throw new RowProblem(column, `${quote(text)} is not a number`)
    if (value < min || value > max) throw new RowProblem(column, `${text} is not between ${min} and ${max}`)
    return value
  }

  optionalNumber(column: string, min: number, max: number): number | null {
    return this.optional(column) === null ? null : this.number(column, min, max)
  }

  /** Epoch milliseconds. */
  time(column: string): number {
    const text = this.text(column)
    const time = readTime(text)
    if (time === null) throw new RowProblem(column, `${quote(text)} is not a time in UTC such as 2026-03-01T09:30:00Z`)
    return time
  }

  timezone(column: string): string {
    const text = this.text(column)
    if (!isTimezone(text)) throw new RowProblem(column, `${quote(text)} is not an IANA time zone such as Europe/Paris`)
    return text
  }

  /** An amount in minor units with its currency. */
  money(column: string, currencyColumn: string): { minor: number; currency: string } {
    const text = this.text(column)
    const currency = this.text(currencyColumn)
    if (!currencies.has(currency)) throw new RowProblem(currencyColumn, `${quote(currency)} is not an ISO 4217 currency such as EUR`)
    const minor = toMinor(text, currency)
    if (minor === null) {
      const digits = currencyDigits(currency)
      const isDecimal = /^-?\d{1,12}\.\d+$/.test(text)
      throw new RowProblem(column, isDecimal ? `${text} has more decimals than ${currency} has (${digits})` : `${quote(text)} is not a decimal number such as 12.50`)
    }
    if (minor < 0) throw new RowProblem(column, `${text} is less than 0`)
    return { minor, currency }
  }

  /** JSON array of [name, value]. */
  attributes(column: string): string {
    const text = this.optional(column)
    const attributes = text === null ? [] : readAttributes(text)
    if (typeof attributes === 'string') throw new RowProblem(column, attributes)
    const stored = JSON.stringify(attributes)
    if (/\\u0000|\\ud[89a-f]/i.test(stored)) throw new RowProblem(column, 'holds a character that is no text')
    return stored
  }

  /** JSON array of names, top level first; null where there is none. */
  categoryPath(column: string): string | null {
    const text = this.optional(column)
    if (text === null) return null
    const names = text.split(' > ').map((name) => name.trim())
    const empty = names.indexOf('')
    if (empty !== -1) throw new RowProblem(column, `level ${empty + 1} has no name`)
    return JSON.stringify(names)
  }
}

function checkedId(column: string, text: string): string {
  if (control.test(text)) throw new RowProblem(column, 'holds a control character')
  return text
}

function isTimezone(name: string): boolean {
  let known = timezones.get(name)
  if (known === undefined) {
    try {
      known = /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
    } catch {
      known = false
    }
    timezones.set(name, known)
  }
  return known
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
