import type { IncomingHttpHeaders } from 'node:http'

/** The request headers that subgraphs receive unless configured otherwise; names in lower case. */
export const defaultPropagatedHeaders: readonly string[] = ['authorization', 'x-request-id', 'traceparent', 'accept-language']

/** Picks the allowed headers of a client's request. */
export function propagate(headers: IncomingHttpHeaders, allowed: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of allowed) {
    const value = headers[name]
    if (value !== undefined) picked[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return picked
}
