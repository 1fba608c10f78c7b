import { AisleError } from '../errors.ts'
import { isObject } from '../json.ts'

/**
 * The token of an Authorization header (RFC 6750); null where there is none.
 * @throws AisleError UNAUTHENTICATED for another scheme
 */
export function bearerToken(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization === '') return null
  const match = /^bearer +(?<token>[^\s,]+)$/i.exec(authorization.trim())
  if (match?.groups?.token === undefined) throw new AisleError('UNAUTHENTICATED', 'The Authorization header must be a bearer token.', { details: { reason: 'malformed' } })
  return match.groups.token
}

/** What a WebSocket's first message says in place of an Authorization header, which browsers cannot set: `authorization`, or a bare `token`. */
export function authorizationOf(parameters: unknown): string | undefined {
  if (!isObject(parameters)) return undefined
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value !== 'string') continue
    if (name.toLowerCase() === 'authorization') return value
    if (name === 'token') return `Bearer ${value}`
  }
  return undefined
}

/** The WWW-Authenticate header that goes with a fault (RFC 6750, section 3); null for one that is not about who asks. */
export function challengeOf(error: unknown): string | null {
  if (!AisleError.is(error) || error.code !== 'UNAUTHENTICATED') return null
  return `Bearer realm="aisle", error="invalid_token", error_description="${error.message.replaceAll(/["\\]/g, '\'')}"`
}
