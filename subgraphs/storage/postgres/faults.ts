import { AisleError } from '../../../runtime/errors.ts'

/** SQLSTATE classes and codes, and system errors, of a server that is away, restarting or out of connections. */
const away = /^(?:08...|57P0[1-5]|53300|ECONN(?:REFUSED|RESET)|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH)$/
const awayText = /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

/** A text that Postgres cannot hold: one with a null character. */
const unstorable = '22021'

/** What a failure of Postgres means to the caller; null where it is a fault of the statement itself. */
export function databaseFault(error: unknown): AisleError | null {
  if (typeof error !== 'object' || error === null) return null
  const code = 'code' in error ? String(error.code) : ''
  const message = 'message' in error ? String(error.message) : ''
  if (code === '57014' || message === 'Query read timeout') return new AisleError('DATABASE_TIMEOUT', undefined, { cause: error })
  if (code === unstorable) return new AisleError('BAD_USER_INPUT', 'A text holds a null character, which nothing here has.')
  return away.test(code) || awayText.test(message) ? new AisleError('DATABASE_UNAVAILABLE', undefined, { cause: error }) : null
}
