import { pino, type DestinationStream, type Logger } from 'pino'
import { currentRequest } from './request.ts'

export type { Logger } from 'pino'

/** What never stands in a log, wherever in an object it is found: secrets, and what clients send. */
const secret: ReadonlySet<string> = new Set([
  'authorization', 'cookie', 'setcookie', 'password', 'secret', 'token', 'accesstoken', 'idtoken', 'refreshtoken', 'clientsecret', 'contextsecret',
  'databaseurl', 'readdatabaseurl', 'connectionstring', 'xaislecontext', 'variables', 'variablevalues', 'parameters', 'customerid', 'email', 'phone',
])

/** Deeper than this nothing is logged, in levels. */
const deepest = 6

/** The same without secrets. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= deepest) return '[deep]'
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, secret.has(name.toLowerCase().replaceAll(/[-_]/g, '')) ? '[redacted]' : redact(part, depth + 1)]))
}

/** Bearer tokens, JSON Web Tokens, and the passwords of URLs, as faults of libraries carry them in their texts. */
function redactText(text: string): string {
  return text
    .replaceAll(/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 [redacted]')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]')
    .replaceAll(/(\w+:\/\/[^\s:/@]*):[^\s@/]+@/g, '$1:[redacted]@')
}

/** What is logged of a fault: never the object itself, which may hold what a client sent (Postgres puts the row into `detail`). */
function faultOf(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return redact(error)
  const code = 'code' in error ? { code: error.code } : {}
  const cause = error.cause === undefined || depth >= deepest ? {} : { cause: faultOf(error.cause, depth + 1) }
  const frames = (error.stack ?? '').split('\n').filter((frame) => /^\s+at /.test(frame))
  return { type: error.name, message: redactText(withoutValues(error)), ...code, stack: frames.join('\n'), ...cause }
}

/** Postgres and graphql end their texts with the value that they did not like. */
function withoutValues({ message }: Error): string {
  return message.replace(/(: |got invalid value )["{[].*/s, '$1[value]')
}

/** JSON lines on standard output, each with the id of the request it belongs to; secrets and personal data are cut out wherever they are logged. */
export function createLogger(role: string, level = process.env.AISLE_LOG_LEVEL ?? 'info', to?: DestinationStream): Logger {
  const options = {
    level,
    base: { role },
    mixin: aboutRequest,
    serializers: { err: faultOf },
    formatters: { log: (line: Record<string, unknown>) => withoutSecrets(line) },
  }
  return to === undefined ? pino(options) : pino(options, to)
}

function aboutRequest(): Record<string, string> {
  const request = currentRequest()
  if (request === undefined || request.id === '') return {}
  const { traceId } = request.span
  return traceId === null ? { requestId: request.id } : { requestId: request.id, traceId }
}

/** A fault is left to its serializer, which knows what may be told of it. */
function withoutSecrets({ err, ...line }: Record<string, unknown>): Record<string, unknown> {
  const clean = redact(line) as Record<string, unknown>
  return err === undefined ? clean : { err, ...clean }
}
