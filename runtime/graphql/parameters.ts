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

/** Reads a parsed JSON body, or the payload of a subscription. @throws AisleError BAD_REQUEST, BATCHING_NOT_ENABLED */
export function readParameters(body: unknown): Parameters {
  if (Array.isArray(body)) throw new AisleError('BATCHING_NOT_ENABLED')
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

type SearchName = 'query' | 'documentId' | 'operationName' | 'variables' | 'extensions'

/** What is read of a query string. */
interface Search {
  get(name: SearchName): string | null
}

/** Reads the query string of a GET. @throws AisleError BAD_REQUEST */
export function readSearchParameters(search: Search): Parameters {
  return readParameters({
    query: search.get('query'),
    documentId: search.get('documentId'),
    operationName: search.get('operationName') || null,
    variables: jsonParameter(search, 'variables'),
    extensions: jsonParameter(search, 'extensions'),
  })
}

/** The same from the query string as it came. @throws AisleError BAD_REQUEST */
export function readSearchText(text: string): Parameters {
  return readSearchParameters(plainSearch(text) ?? new URLSearchParams(text))
}

/** Its parameters, where every name is as it is meant and every value well encoded, as nearly all are; null where URLSearchParams must be asked. */
function plainSearch(text: string): Search | null {
  const values: Record<SearchName, string | null> = { query: null, documentId: null, operationName: null, variables: null, extensions: null }
  for (let from = 0; from < text.length; ) {
    const ampersand = text.indexOf('&', from)
    const to = ampersand === -1 ? text.length : ampersand
    const equals = text.indexOf('=', from)
    if (equals === -1 || equals > to) return null
    const name = text.slice(from, equals)
    if (name.includes('%') || name.includes('+')) return null
    // The first of a name counts.
    if (isSearchName(name) && values[name] === null) {
      const value = text.slice(equals + 1, to)
      try {
        values[name] = value.includes('%') || value.includes('+') ? decodeURIComponent(value.replaceAll('+', ' ')) : value
      } catch {
        return null
      }
    }
    from = to + 1
  }
  return { get: (name) => values[name] }
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

function isSearchName(name: string): name is SearchName {
  return name === 'documentId' || name === 'variables' || name === 'query' || name === 'operationName' || name === 'extensions'
}

function jsonParameter(search: Search, name: SearchName): unknown {
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
