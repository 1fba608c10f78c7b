import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { AisleError, errorTable, type ErrorCode } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { databaseFault } from '../storage/postgres/faults.ts'

const nullMessage = /^Cannot return null for non-nullable field /

/**
 * A fault as the client sees it: those of the table with their code, those of graphql and Apollo with theirs, and any other
 * as INTERNAL_SERVER_ERROR without its text, which goes to the log.
 * @param formatted what graphql or Apollo would have sent.
 * @param error the fault itself, a GraphQLError around what a resolver threw, if one did.
 */
export function formatFault(formatted: GraphQLFormattedError, error: unknown, log: Logger): GraphQLFormattedError {
  const inner = innermost(error)
  const thrown = databaseFault(inner) ?? inner
  if (AisleError.is(thrown)) {
    if (thrown.cause !== undefined) log.error({ err: thrown, path: formatted.path }, thrown.message)
    return { ...formatted, message: thrown.message, extensions: { ...thrown.details, code: thrown.code } }
  }
  const code = formatted.extensions?.code
  if (thrown instanceof GraphQLError && code !== undefined && code !== 'INTERNAL_SERVER_ERROR') return formatted
  // Over a socket nothing but graphql itself has looked at the operation yet, and it gives no codes.
  if (thrown instanceof GraphQLError && formatted.path === undefined) return { ...formatted, extensions: { code: codeOf(thrown) } }
  if (thrown instanceof Error && nullMessage.test(thrown.message)) {
    log.warn({ path: formatted.path }, thrown.message)
    return { ...formatted, extensions: { code: 'UNEXPECTED_NULL' } }
  }
  log.error({ err: thrown, path: formatted.path }, 'a resolver failed')
  return { ...formatted, message: errorTable.INTERNAL_SERVER_ERROR.text, extensions: { code: 'INTERNAL_SERVER_ERROR' } }
}

function codeOf({ message }: GraphQLError): ErrorCode {
  if (message.startsWith('Syntax Error')) return 'GRAPHQL_PARSE_FAILED'
  return message.startsWith('Variable "$') ? 'BAD_USER_INPUT' : 'GRAPHQL_VALIDATION_FAILED'
}

function innermost(error: unknown): unknown {
  let inner = error
  while (inner instanceof GraphQLError && inner.originalError !== undefined) inner = inner.originalError
  return inner
}
