import type { IncomingHttpHeaders } from 'node:http'
import { AisleError } from '../../runtime/errors.ts'

/** Headers that a page cannot add to a request to another site without a preflight that this server would not grant. */
const preflightHeaders = ['apollo-require-preflight', 'x-apollo-operation-name', 'graphql-require-preflight']

/**
 * Refuses a GET that a page of another site made the browser send. (A POST is safe by its content type.) Browsers say where a
 * request comes from in Sec-Fetch-Site; an older one at least names its Origin.
 * @throws AisleError CSRF_PREVENTED
 */
export function refuseForgery(headers: IncomingHttpHeaders): void {
  if (preflightHeaders.some((name) => headers[name] !== undefined)) return
  const site = headers['sec-fetch-site']
  const foreign = typeof site === 'string' ? site !== 'same-origin' && site !== 'none' : isForeign(headers.origin, headers.host)
  if (foreign) throw new AisleError('CSRF_PREVENTED')
}

function isForeign(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== host
}
