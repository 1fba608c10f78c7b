import type { FastifyError, FastifyReply } from 'fastify'
import { AisleError } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import type { Refusal } from '../protocol.ts'

/** Answers with a refusal in the form that nodes understand. */
export function sendRefusal(reply: FastifyReply, error: unknown, log: Logger): FastifyReply {
  const fault = toFault(error)
  if (fault.code === 'INTERNAL_SERVER_ERROR') log.error({ err: error }, 'a request failed')
  const details = Object.keys(fault.details).length === 0 ? {} : { details: fault.details }
  const { retryAfterSeconds } = fault.details
  if (typeof retryAfterSeconds === 'number') reply.header('retry-after', String(retryAfterSeconds))
  const body: Refusal = { error: { code: fault.code, message: fault.message, ...details } }
  // Where the code stands for an answer of GraphQL, the status here still has to say that nothing was done.
  return reply.code(fault.status < 400 ? 400 : fault.status).type('application/json').send(JSON.stringify(body))
}

function toFault(error: unknown): AisleError {
  if (AisleError.is(error)) return error
  if (isUnavailable(error)) return new AisleError('DATABASE_UNAVAILABLE', undefined, { cause: error })
  const { statusCode, message } = error as Partial<FastifyError>
  if (statusCode === 413) return new AisleError('PAYLOAD_TOO_LARGE', undefined, { cause: error })
  if (statusCode === 415) return new AisleError('UNSUPPORTED_MEDIA_TYPE', undefined, { cause: error })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new AisleError('BAD_REQUEST', message, { cause: error })
  return new AisleError('INTERNAL_SERVER_ERROR', undefined, { cause: error })
}

/** Classes of SQLSTATE that speak of the server, not of the statement: connection, resources, shutdown, read-only standby; not a statement that took too long. */
const serverStates = /^(08|53|57(?!014)|25006)/

/** True when it was the database that could not answer, rather than the statement that was wrong. */
export function isUnavailable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code === 'string') return serverStates.test(code) || /^E[A-Z]+$/.test(code)
  return typeof message === 'string' && /connection (terminated|timeout|ended)|timeout exceeded when trying to connect|not queryable/i.test(message)
}
