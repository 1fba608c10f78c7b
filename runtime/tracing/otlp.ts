import { type Context, diag, type DiagLogger, DiagLogLevel, ROOT_CONTEXT, type Span, type SpanContext, SpanKind as Kind, SpanStatusCode, trace, TraceFlags, type Tracer } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Logger } from '../log.ts'
import type { SpanAttributes, SpanKind, TraceSpan, Tracing } from '../tracing.ts'
import { readTraceContext, writeTraceContext } from './w3c.ts'

export interface TracingOptions {
  /** The collector's base URL: spans go to `/v1/traces` below it. */
  readonly endpoint: string
  /** The part of new traces that is kept, 0 to 1; who continues a trace does as its beginning decided. */
  readonly ratio: number
  readonly role: string
  readonly log: Logger
  /** Time between two exports, in milliseconds. */
  readonly everyMs?: number
}

/** Most spans that wait for the collector; more are dropped, whatever the collector does. */
const mostWaiting = 4_096

/** Longest wait for the collector's answer, and for the last export when the process ends, in milliseconds. */
const patienceMs = 5_000
const lastPatienceMs = 2_000

const kinds = { server: Kind.SERVER, client: Kind.CLIENT, internal: Kind.INTERNAL } as const satisfies Record<SpanKind, Kind>

/** Sends spans to a collector over OTLP/HTTP, in batches and in the background: one that is slow, hangs or is away costs nothing but its spans. */
export function openTracing({ endpoint, ratio, role, log, everyMs = 2_000 }: TracingOptions): Tracing {
  diag.setLogger(faultsTo(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces`, timeoutMillis: patienceMs, concurrencyLimit: 2 })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `aisle-${role}`, 'service.namespace': 'aisle' }),
    // Which new traces are kept is drawn below, before anything is made for them.
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: mostWaiting, maxExportBatchSize: 512, scheduledDelayMillis: everyMs, exportTimeoutMillis: patienceMs })],
  })
  const tracer = provider.getTracer('aisle')
  return {
    on: true,
    serve(name, headers) {
      const from = readTraceContext(headers.traceparent, headers.tracestate)
      if (from === null) return Math.random() < ratio ? new OtlpSpan(tracer, ROOT_CONTEXT, name, Kind.SERVER) : new UnkeptSpan(newTrace())
      return (from.traceFlags & TraceFlags.SAMPLED) === 0 ? new UnkeptSpan(from) : new OtlpSpan(tracer, trace.setSpanContext(ROOT_CONTEXT, from), name, Kind.SERVER)
    },
    begin: (name, kind) => (Math.random() < ratio ? new OtlpSpan(tracer, ROOT_CONTEXT, name, kinds[kind]) : new UnkeptSpan(newTrace())),
    async [Symbol.asyncDispose]() {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, lastPatienceMs)
      })
      await Promise.race([provider.shutdown().catch(() => {}), late])
      clearTimeout(timer)
    },
  }
}

class OtlpSpan implements TraceSpan {
  readonly recording: boolean
  readonly #tracer: Tracer
  readonly #span: Span
  readonly #parent: Context
  #context: Context | null = null
  #headers: Readonly<Record<string, string>> | null = null

  constructor(tracer: Tracer, parent: Context, name: string, kind: Kind, attributes: SpanAttributes = {}, startTime?: number) {
    this.#tracer = tracer
    this.#parent = parent
    this.#span = tracer.startSpan(name, { kind, attributes, ...(startTime === undefined ? {} : { startTime }) }, parent)
    this.recording = this.#span.isRecording()
  }

  get headers(): Readonly<Record<string, string>> {
    return (this.#headers ??= writeTraceContext(this.#span.spanContext()))
  }

  get traceId(): string {
    return this.#span.spanContext().traceId
  }

  child(name: string, kind: SpanKind, attributes?: SpanAttributes, startedAt?: number): TraceSpan {
    // What is not sampled stays so, and its one context serves all that is asked on its behalf.
    if (!this.recording) return this
    return new OtlpSpan(this.#tracer, (this.#context ??= trace.setSpan(this.#parent, this.#span)), name, kinds[kind], attributes, startedAt)
  }

  set(attributes: SpanAttributes): void {
    if (this.recording) this.#span.setAttributes(attributes)
  }

  fail(type: string): void {
    if (this.recording) this.#span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR, message: type })
  }

  end(): void {
    if (this.recording) this.#span.end()
  }
}

/** Any span of a trace that is not kept: nothing is noted of it, and whoever is asked on its behalf is told so. Nine in ten are, usually. */
class UnkeptSpan implements TraceSpan {
  readonly recording = false
  readonly traceId: string
  readonly headers: Readonly<Record<string, string>>

  constructor(context: SpanContext) {
    this.traceId = context.traceId
    this.headers = writeTraceContext(context)
  }

  child(): TraceSpan {
    return this
  }

  set(): void {}

  fail(): void {}

  end(): void {}
}

function newTrace(): SpanContext {
  return { traceId: `${hex()}${hex()}${hex()}${hex()}`, spanId: `${hex()}${hex()}`, traceFlags: TraceFlags.NONE }
}

/** Eight digits by chance, never all zero: ids of traces are no secrets. */
function hex(): string {
  return (1 + Math.floor(Math.random() * 0xffff_fffe)).toString(16).padStart(8, '0')
}

/** Least time between two complaints about the collector, in milliseconds. */
const quietMs = 60_000

/** A collector that is away is worth a line a minute, not one an export. */
function faultsTo(log: Logger): DiagLogger {
  let saidAt = -Infinity
  const say = (message: string): void => {
    if (performance.now() - saidAt < quietMs) return
    saidAt = performance.now()
    log.warn({ reason: message.slice(0, 200) }, 'spans do not reach the collector')
  }
  return { error: say, warn: say, info() {}, debug() {}, verbose() {} }
}
