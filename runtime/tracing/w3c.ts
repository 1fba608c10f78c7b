import { createTraceState, INVALID_SPANID, INVALID_TRACEID, type SpanContext, TraceFlags } from '@opentelemetry/api'

/** version - trace id - parent id - flags; a later version may have more behind. */
const shape = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

/** Longest `tracestate` that is passed on, in characters: the specification asks for no more. */
const mostState = 512

/** The span that a request came from, by its headers (W3C Trace Context, level 2); null where they name none or are malformed. */
export function readTraceContext(traceparent: unknown, tracestate: unknown): SpanContext | null {
  const found = typeof traceparent === 'string' ? shape.exec(traceparent.trim()) : null
  const [whole, version, traceId, spanId, flags] = found ?? []
  if (whole === undefined || traceId === undefined || spanId === undefined || flags === undefined) return null
  if (traceId === INVALID_TRACEID || spanId === INVALID_SPANID) return null
  if (version === '00' && whole.length > 55) return null
  const state = typeof tracestate === 'string' && tracestate !== '' && tracestate.length <= mostState ? { traceState: createTraceState(tracestate) } : {}
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true, ...state }
}

/** The headers that name a span as the one that a request comes from. */
export function writeTraceContext({ traceId, spanId, traceFlags, traceState }: SpanContext): Record<string, string> {
  const state = traceState?.serialize() ?? ''
  const traceparent = `00-${traceId}-${spanId}-${traceFlags & TraceFlags.SAMPLED ? '01' : '00'}`
  return state === '' ? { traceparent } : { traceparent, tracestate: state }
}
