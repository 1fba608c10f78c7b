import { hash } from 'node:crypto'
import type { ColumnType } from '../storage/entities.ts'

/**
 * What rows add up to, the same in Postgres and in a replica: each row as a text (columns in the order asked for; text with its length in
 * bytes before it, real numbers as the hex of their eight bytes), of that text the first 52 bits of its MD5, and of those the sum. A sum
 * does not depend on the order. It is made against damage, not against malice.
 */
export class RangeSum {
  #sum = 0n
  rows = 0

  add(row: Readonly<Record<string, unknown>>, columns: readonly (readonly [name: string, type: ColumnType])[]): void {
    let text = ''
    for (const [name, type] of columns) text += textOf(row[name], type)
    this.#sum += BigInt(Number.parseInt(hash('md5', text, 'hex').slice(0, 13), 16))
    this.rows += 1
  }

  get digest(): string {
    return this.#sum.toString()
  }
}

const eight = Buffer.alloc(8)

function textOf(value: unknown, type: ColumnType): string {
  if (value === null || value === undefined) return '-'
  // A column holds what SQLite keeps: text, numbers, and JSON as text.
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? `${value}` : JSON.stringify(value)
  switch (type) {
    case 'text':
      return `${Buffer.byteLength(plain)}:${plain}`
    case 'integer':
      return `${plain};`
    case 'real':
      // No negative zero: SQLite keeps a whole number as an integer.
      eight.writeDoubleBE(Number(value) + 0)
      return `${eight.toString('hex')};`
  }
}

/** The same in Postgres' SQL, for one row; `known` has the columns that the database has. */
export function digestExpression(columns: readonly string[], known: Readonly<Record<string, ColumnType>>): string {
  const texts = columns.map((name) => {
    if (!Object.hasOwn(known, name)) return "'-'"
    switch (known[name]) {
      case 'text':
        return `coalesce(octet_length("${name}") || ':' || "${name}", '-')`
      case 'real':
        return `coalesce(encode(float8send("${name}" + 0.0::float8), 'hex') || ';', '-')`
      default:
        return `coalesce("${name}" || ';', '-')`
    }
  })
  return `('x' || left(md5(${texts.length === 0 ? "''" : texts.join(' || ')}), 13))::bit(52)::bigint`
}
