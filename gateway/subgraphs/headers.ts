import type { IncomingHttpHeaders } from 'node:http'
import type { RequestScope } from './types.ts'

/** Which headers of a client's request subgraphs receive; names in lower case. */
export interface HeaderRules {
  readonly propagate: readonly string[]
  /** Those among them that name one request and say nothing of its caller: they do not keep equal callers' work apart. */
  readonly trace: ReadonlySet<string>
}

export const defaultPropagatedHeaders: readonly string[] = ['authorization', 'x-request-id', 'traceparent', 'accept-language']
export const defaultTraceHeaders: readonly string[] = ['x-request-id', 'x-correlation-id', 'traceparent', 'tracestate']

/**
 * What goes with everything asked for one client's request. Callers are told apart by every propagated header that is
 * not for tracing, so that a header which nobody has thought of parts them rather than mixing their rights.
 */
export function createScope(headers: IncomingHttpHeaders, rules: HeaderRules, signal: AbortSignal): RequestScope {
  const picked: Record<string, string> = {}
  let caller = ''
  for (const name of rules.propagate) {
    const value = headers[name]
    if (value === undefined) continue
    const text = typeof value === 'string' ? value : value.join(', ')
    picked[name] = text
    if (!rules.trace.has(name)) caller += `${name}:${JSON.stringify(text)},`
  }
  return { headers: picked, caller, signal }
}
