import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from '../../runtime/identity/caller.ts'
import { contextHeader, type ContextSigner } from '../../runtime/identity/context.ts'
import type { RequestScope } from './types.ts'

/** Which headers of a client's request subgraphs receive; names in lower case. */
export interface HeaderRules {
  readonly propagate: readonly string[]
  /** Those among them that name one request and say nothing of its caller: they do not keep equal callers' work apart. */
  readonly trace: ReadonlySet<string>
  /** Vouches for callers before subgraphs; null where they share no secret with this gateway. */
  readonly signer: ContextSigner | null
}

export const defaultPropagatedHeaders: readonly string[] = ['authorization', 'x-request-id', 'traceparent', 'accept-language']
export const defaultTraceHeaders: readonly string[] = ['x-request-id', 'x-correlation-id', 'traceparent', 'tracestate']

/** A request as it came, and who sent it. */
export interface ReceivedFrom {
  readonly headers: IncomingHttpHeaders
  readonly who: Caller
}

/**
 * What goes with everything asked for one client's request. Callers are told apart by who they are, and by every propagated header that is
 * not for tracing, so that a header which nobody has thought of parts them rather than mixing their rights.
 */
export function createScope({ headers, who }: ReceivedFrom, rules: HeaderRules, signal: AbortSignal): RequestScope {
  const picked: Record<string, string> = {}
  let caller = who.key
  for (const name of rules.propagate) {
    const value = headers[name]
    if (value === undefined) continue
    const text = typeof value === 'string' ? value : value.join(', ')
    picked[name] = text
    if (!rules.trace.has(name)) caller += `${name}:${JSON.stringify(text)},`
  }
  const { signer } = rules
  if (signer === null) return { headers: picked, caller, who, signal }
  return {
    // What is vouched for is good for a while only; a subscription lasts longer.
    get headers() {
      picked[contextHeader] = signer.tokenFor(who)
      return picked
    },
    caller,
    who,
    signal,
  }
}

/** The same scope, ended by another signal; its headers stay those of the moment. */
export function withSignal(scope: RequestScope, signal: AbortSignal): RequestScope {
  return {
    get headers() {
      return scope.headers
    },
    caller: scope.caller,
    who: scope.who,
    signal,
  }
}
