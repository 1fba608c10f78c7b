import type { IncomingHttpHeaders } from 'node:http'

export type SpanKind = 'server' | 'client' | 'internal'

/** By OpenTelemetry's semantic names; never free text of a client, never variables. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** A piece of work in a trace. Every one that is started must be ended. */
export interface TraceSpan {
  /** False where nothing is kept: then nobody need work out attributes. */
  readonly recording: boolean
  /** The headers by which another process goes on with this trace (W3C Trace Context); null without tracing. */
  readonly headers: Readonly<Record<string, string>> | null
  readonly traceId: string | null
  /** @param startedAt epoch milliseconds, where the work began before it was known to be worth a span */
  child(name: string, kind: SpanKind, attributes?: SpanAttributes, startedAt?: number): TraceSpan
  set(attributes: SpanAttributes): void
  /** The work failed. @param type a code of the error table, or another word of few */
  fail(type: string): void
  end(): void
}

/** Where spans go. */
export interface Tracing extends AsyncDisposable {
  readonly on: boolean
  /** The span of something asked of this process, in the trace that the headers name, or in a new one. */
  serve(name: string, headers: IncomingHttpHeaders): TraceSpan
  /** The span of something that this process does by itself. */
  begin(name: string, kind: SpanKind): TraceSpan
}

/** A span that nothing comes of, and its own child. */
export const noSpan: TraceSpan = {
  recording: false,
  headers: null,
  traceId: null,
  child: () => noSpan,
  set() {},
  fail() {},
  end() {},
}

/** Tracing that is off: it costs a call that returns a constant. */
export const noTracing: Tracing = {
  on: false,
  serve: () => noSpan,
  begin: () => noSpan,
  async [Symbol.asyncDispose]() {},
}

/** Does a piece of work under a span; one that fails is marked by its code. */
export function underSpan<Result>(span: TraceSpan, work: () => Result): Result {
  try {
    const result = work()
    if (!(result instanceof Promise)) {
      span.end()
      return result
    }
    return result.then(
      (value: unknown) => {
        span.end()
        return value
      },
      (error: unknown) => {
        span.fail(typeOf(error))
        span.end()
        throw error
      },
    ) as Result
  } catch (error) {
    span.fail(typeOf(error))
    span.end()
    throw error
  }
}

/** A word of few for what went wrong: its code, else its class. */
function typeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'Error'
}
