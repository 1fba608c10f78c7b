import { z } from 'zod'
import { AisleError } from './errors.ts'

/**
 * Decodes what came from flags and environment into one typed value, once, at the edge of the process.
 * @throws AisleError CONFIG_INVALID, naming every setting that is wrong.
 */
export function decodeConfig<S extends z.ZodType>(schema: S, source: unknown): z.output<S> {
  const result = schema.safeParse(source)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => `  ${flagOf(issue.path)}: ${issue.message}`)
  throw new AisleError('CONFIG_INVALID', `The configuration cannot be used:\n${problems.join('\n')}`, { cause: result.error })
}

function flagOf(path: readonly PropertyKey[]): string {
  const [head] = path
  if (head === undefined) return 'configuration'
  return `--${String(head).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** A TCP port given as text or number; 0 asks the system for a free one. */
export const port = z.coerce.number().int().min(0).max(65_535)

/** An absolute http(s) URL, without a trailing slash. */
export const httpUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))

/** Origins of web pages (scheme, host and port, nothing behind), or `*` for every one; a text may hold several, parted by commas. */
export const origins = z
  .union([z.string(), z.array(z.string())])
  .default([])
  .transform((given) => [given].flat().flatMap((text) => text.split(',')).map((text) => text.trim()).filter((text) => text !== ''))
  .refine((list) => list.every((text) => text === '*' || (URL.canParse(text) && new URL(text).origin === text)), 'must be origins such as https://shop.example, or *')

/** A Postgres connection string. */
export const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must look like postgres://user:password@host:5432/database' })

/** A level pino knows. */
export const logLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info')
