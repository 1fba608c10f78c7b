import type { IncomingHttpHeaders } from 'node:http'
import { AisleError } from '../errors.ts'

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

/**
 * Whether a page of another site opens a WebSocket: browsers let it without asking, send cookies along, and let it read what comes. A page is of
 * this site where its host is the one that was asked for, or the one that a proxy says was asked for; no page can say so itself.
 * @param allowed origins of other sites that may; `*` for all
 */
export function isForeignSocket({ origin, host, 'x-forwarded-host': forwarded }: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return false
  return isForeign(origin, host) && (typeof forwarded !== 'string' || isForeign(origin, forwarded))
}

function isForeign(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== host
}
