import type { HeaderMap } from '@apollo/server'

/** Any document that could write has this word; one that merely mentions it is read from the primary too, which is never wrong. */
const mayWrite = /\bmutation\b/

/**
 * Whether a request may be answered by a replica that is a moment behind: it writes nothing, and nobody asked for what is fresh
 * (`cache-control: no-cache`), as the gateway does for whatever follows a mutation or an event.
 */
export function mayBeBehind(headers: HeaderMap, body: unknown, search: string): boolean {
  if (/\bno-cache\b/.test(headers.get('cache-control') ?? '')) return false
  if (search !== '' || typeof body !== 'object' || body === null || !('query' in body) || typeof body.query !== 'string') return false
  return !mayWrite.test(body.query)
}
