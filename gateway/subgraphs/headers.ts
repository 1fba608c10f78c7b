import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from '../../runtime/identity/caller.ts'
import { contextHeader, type ContextSigner } from '../../runtime/identity/context.ts'
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

/** Who asks, and what subgraphs are shown of it. */
export interface Voucher {
  readonly caller: Caller
  readonly signer: ContextSigner
}

/**
 * What goes with everything asked for one client's request; `headers` are already picked, in the order of the rule.
 * @param voucher subgraphs are told who asks, in a signed context that is renewed for as long as the request lasts
 */
export function createScope(headers: Readonly<Record<string, string>>, signal: AbortSignal, voucher: Voucher | null = null): RequestScope {
  const text = JSON.stringify(headers)
  const picked = text === '{}' ? '' : text
  if (voucher === null) return { headers, caller: picked, signal }
  const { caller, signer } = voucher
  let signed: Readonly<Record<string, string>> | null = null
  return {
    get headers() {
      const token = signer.tokenFor(caller)
      if (signed?.[contextHeader] !== token) signed = { ...headers, [contextHeader]: token }
      return signed
    },
    caller: `${caller.key} ${picked}`,
    signal,
  }
}
