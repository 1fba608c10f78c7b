import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { AisleError, toGraphQLError, type ErrorCode } from '../../../runtime/errors.ts'
import type { Logger } from '../../../runtime/log.ts'

/** What graphql says, in an Error of its own, of a null that may not be. */
const nullMessage = /^Cannot return null for non-nullable field /

/** Errors as clients may see them: faults of the table with their code, anything unforeseen without its inside. */
export function formatErrors(errors: readonly GraphQLError[], log: Logger): GraphQLFormattedError[] {
  return errors.map((error) => format(error, log))
}

/** Whether an error says something of the data or the operation, which stays so until they change: not of this moment. */
export function isLasting({ originalError, message }: GraphQLError): boolean {
  if (originalError === undefined || originalError === null || originalError instanceof GraphQLError) return true
  return AisleError.is(originalError) ? lasting.has(originalError.code) : nullMessage.test(message)
}

const lasting: ReadonlySet<ErrorCode> = new Set(['BAD_USER_INPUT', 'CLOUD_ONLY', 'FORBIDDEN', 'OUT_OF_SCOPE', 'OUT_OF_RETENTION', 'STORE_UNKNOWN', 'UNAUTHORIZED_FIELD_OR_TYPE', 'UNEXPECTED_NULL'])

function format(error: GraphQLError, log: Logger): GraphQLFormattedError {
  const cause = error.originalError
  if (nullMessage.test(error.message) && !AisleError.is(cause)) return withCode(error, 'UNEXPECTED_NULL')
  if (cause === undefined || cause === null) return withCode(error, 'BAD_USER_INPUT')
  if (cause instanceof GraphQLError) return withCode(error, 'BAD_USER_INPUT')
  const fault = AisleError.is(cause) ? cause : new AisleError('INTERNAL_SERVER_ERROR')
  if (!AisleError.is(cause)) log.error({ err: cause, path: error.path }, 'a resolver failed')
  const { message, extensions } = toGraphQLError(fault)
  return { ...error.toJSON(), message, extensions }
}

function withCode(error: GraphQLError, code: string): GraphQLFormattedError {
  return { ...error.toJSON(), extensions: { code, ...error.extensions } }
}

/** A request that failed as a whole, as an answer. */
export function failure(error: unknown, log: Logger): { readonly fault: AisleError; readonly errors: GraphQLFormattedError[] } {
  const fault = AisleError.is(error) ? error : new AisleError('INTERNAL_SERVER_ERROR', undefined, { cause: error })
  if (!AisleError.is(error)) log.error({ err: error }, 'a request failed')
  const { message, extensions } = toGraphQLError(fault)
  return { fault, errors: [{ message, extensions }] }
}
