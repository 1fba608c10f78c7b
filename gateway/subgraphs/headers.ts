import type { IncomingHttpHeaders } from 'node:http'
import type { RequestScope } from './types.ts'

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

/** What goes with everything asked for one client's request; `headers` are already picked, in the order of the rule. */
export function createScope(headers: Readonly<Record<string, string>>, signal: AbortSignal): RequestScope {
  const caller = JSON.stringify(headers)
  return { headers, caller: caller === '{}' ? '' : caller, signal }
}
