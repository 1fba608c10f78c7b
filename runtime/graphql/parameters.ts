import { AisleError } from '../errors.ts'
import { isObject, type JsonObject, nestsTooDeeply } from '../json.ts'

/** One GraphQL request, whatever it came by; every part has its right type. */
export interface Parameters {
  /** The document; empty when an id stands for it. */
  readonly query: string
  readonly documentId: string | null
  /** From `extensions.persistedQuery.sha256Hash`. */
  readonly persistedHash: string | null
  readonly operationName: string | null
  readonly variables: JsonObject
}

/** Reads a parsed JSON body, or the payload of a subscription. @throws AisleError BAD_REQUEST */
export function readParameters(body: unknown): Parameters {
  if (Array.isArray(body)) throw new AisleError('BAD_REQUEST', 'Several operations in one request are not accepted here: send one.')
  if (!isObject(body)) throw new AisleError('BAD_REQUEST', 'The request must be a JSON object.')
  const extensions = optional(body, 'extensions', isObject, 'an object')
  const persisted = extensions === null ? null : optional(extensions, 'persistedQuery', isObject, 'an object')
  return {
    query: optional(body, 'query', isString, 'a string') ?? '',
    documentId: optional(body, 'documentId', isString, 'a string'),
    persistedHash: persisted === null ? null : optional(persisted, 'sha256Hash', isString, 'a string'),
    operationName: optional(body, 'operationName', isString, 'a string'),
    variables: optional(body, 'variables', isObject, 'an object') ?? {},
  }
}

/** Reads the query string of a GET. @throws AisleError BAD_REQUEST */
export function readSearchParameters(search: URLSearchParams): Parameters {
  return readParameters({
    query: search.get('query'),
    documentId: search.get('documentId'),
    operationName: search.get('operationName') || null,
    variables: jsonParameter(search, 'variables'),
    extensions: jsonParameter(search, 'extensions'),
  })
}

/** @throws AisleError BAD_REQUEST */
export function parseBody(text: string): unknown {
  if (nestsTooDeeply(text)) throw new AisleError('BAD_REQUEST', 'The request body nests too deeply.')
  try {
    return JSON.parse(text)
  } catch {
    throw new AisleError('BAD_REQUEST', 'The request body is not valid JSON.')
  }
}

function jsonParameter(search: URLSearchParams, name: string): unknown {
  const text = search.get(name)
  if (text === null || text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    throw new AisleError('BAD_REQUEST', `"${name}" is not valid JSON.`)
  }
}

function optional<T>(object: JsonObject, name: string, is: (value: unknown) => value is T, what: string): T | null {
  const value = object[name]
  if (value === undefined || value === null) return null
  if (!is(value)) throw new AisleError('BAD_REQUEST', `"${name}" must be ${what}.`)
  return value
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}
