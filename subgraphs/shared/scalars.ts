import { GraphQLError, GraphQLScalarType, Kind } from 'graphql'
import { instantText } from './instant.ts'

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/** Epoch milliseconds inside, RFC 3339 in UTC outside. */
export const DateTime = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  serialize: (value) => instantText(value as number),
  parseValue: (value) => parseDateTime(value),
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : null),
})

function parseDateTime(value: unknown): number {
  const time = typeof value === 'string' && rfc3339.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw badInput('DateTime', 'an RFC 3339 instant such as 2026-03-01T09:30:00Z', value)
  return time
}

const decimal = /^-?\d{1,15}(\.\d{1,9})?$/

/** Exact decimal text. */
export const Decimal = new GraphQLScalarType<string, string>({
  name: 'Decimal',
  serialize: String,
  parseValue: (value) => parseText('Decimal', decimal, 'a decimal number as text such as "12.50"', value),
  parseLiteral: (node) =>
    parseText('Decimal', decimal, 'a decimal number such as "12.50"', node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT ? node.value : null),
})

/** Three capital letters of ISO 4217. */
export const CurrencyCode = new GraphQLScalarType<string, string>({
  name: 'CurrencyCode',
  serialize: String,
  parseValue: (value) => parseText('CurrencyCode', /^[A-Z]{3}$/, 'an ISO 4217 code such as GBP', value),
  parseLiteral: (node) => parseText('CurrencyCode', /^[A-Z]{3}$/, 'an ISO 4217 code such as GBP', node.kind === Kind.STRING ? node.value : null),
})

const durationText = /^P(?!$)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/

/** Milliseconds inside, ISO 8601 outside. */
export const Duration = new GraphQLScalarType<number, string>({
  name: 'Duration',
  serialize: (value) => `PT${(value as number) / 1000}S`,
  parseValue: (value) => parseDuration(value),
  parseLiteral: (node) => parseDuration(node.kind === Kind.STRING ? node.value : null),
})

function parseDuration(value: unknown): number {
  const match = typeof value === 'string' ? durationText.exec(value) : null
  if (match === null) throw badInput('Duration', 'an ISO 8601 duration such as PT5M or P1D', value)
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number]
  return Math.round((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000)
}

function parseText(name: string, pattern: RegExp, expected: string, value: unknown): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw badInput(name, expected, value)
  return value
}

function badInput(name: string, expected: string, value: unknown): GraphQLError {
  return new GraphQLError(`${name} must be ${expected}, not ${JSON.stringify(value)?.slice(0, 60)}.`, { extensions: { code: 'BAD_USER_INPUT' } })
}
