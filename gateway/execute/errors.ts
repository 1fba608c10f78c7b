import { AisleError, type ErrorCode, errorTable } from '../../runtime/errors.ts'
import { isObject, type JsonObject } from '../../runtime/json.ts'
import { commonPath, type ResponsePath } from './path.ts'

/** An error as the client reads it. */
export interface ClientError {
  readonly message: string
  readonly path?: ResponsePath
  readonly extensions: JsonObject & { readonly code: string }
}

/** An error as a subgraph wrote it; nothing in it is trusted to have the right shape. */
export interface SubgraphError {
  readonly message: string
  readonly path: ResponsePath | null
  readonly extensions: JsonObject
}

/** Reads the `errors` of a subgraph's answer. */
export function readSubgraphErrors(errors: unknown): SubgraphError[] {
  if (!Array.isArray(errors)) return []
  return errors.map((error: unknown) => {
    const { message, path, extensions } = isObject(error) ? error : {}
    return {
      message: typeof message === 'string' ? message : 'Unspecified error.',
      path: Array.isArray(path) && path.every(isPathKey) ? path : null,
      extensions: isObject(extensions) ? extensions : {},
    }
  })
}

function isPathKey(key: unknown): key is string | number {
  return typeof key === 'string' || typeof key === 'number'
}

/** A subgraph's error at its place in the fetched data; locations point into a document the client never sent. */
export function relocate(error: SubgraphError, serviceName: string, path: ResponsePath | null): ClientError {
  const { code } = error.extensions
  return {
    message: error.message,
    ...(path === null || path.length === 0 ? {} : { path }),
    extensions: { ...error.extensions, code: typeof code === 'string' ? code : ('DOWNSTREAM_SERVICE_ERROR' satisfies ErrorCode), serviceName },
  }
}

/** Shows an error to a client; what a client may see is the operator's choice. */
export type PresentError = (error: ClientError) => ClientError

export const presentAll: PresentError = (error) => error

const internals: ReadonlySet<string> = new Set(['serviceName', 'status', 'stacktrace', 'exception', 'debug'])

/** Errors that a subgraph did not mean to report: it thought of no code for them, and their texts are those of drivers and runtimes. */
const unmeant: Readonly<Record<string, string>> = {
  INTERNAL_SERVER_ERROR: errorTable.INTERNAL_SERVER_ERROR.text,
  DOWNSTREAM_SERVICE_ERROR: errorTable.DOWNSTREAM_SERVICE_ERROR.text,
} satisfies Partial<Record<ErrorCode, string>>

/** Keeps from clients which subgraph failed and what it said about its own inside. */
export const hideInternals: PresentError = ({ extensions, ...error }) => {
  const { code, ...others } = extensions
  return { ...error, message: unmeant[code] ?? error.message, extensions: { ...Object.fromEntries(Object.entries(others).filter(([name]) => !internals.has(name))), code } }
}

/** A fetch that failed as a whole, reported once, at the place that all values it should have filled share. */
export function fetchFailure(error: unknown, serviceName: string, affected: readonly ResponsePath[]): ClientError {
  const known = AisleError.is(error) ? error : new AisleError('INTERNAL_SERVER_ERROR', undefined, { cause: error })
  const path = commonPath(affected)
  return {
    message: known.message,
    ...(path.length === 0 ? {} : { path }),
    extensions: { ...known.details, code: known.code, serviceName },
  }
}
