import { createServer } from 'node:http'
import { closeServer, listen } from '../../runtime/server.ts'

/** A span as a collector receives it. */
export interface ReceivedSpan {
  readonly service: string
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  /** 2 server, 3 client, 1 internal. */
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly failed: boolean
}

/** A collector of spans over OTLP/HTTP in JSON. */
export interface Collector extends AsyncDisposable {
  readonly url: string
  readonly spans: ReceivedSpan[]
  readonly requests: () => number
}

interface Value {
  readonly stringValue?: string
  readonly intValue?: number | string
  readonly doubleValue?: number
  readonly boolValue?: boolean
}

interface Attribute {
  readonly key: string
  readonly value: Value
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly { name: string; traceId: string; spanId: string; parentSpanId?: string; kind: number; attributes?: readonly Attribute[]; status?: { code?: number } }[]
    }[]
  }[]
}

/** @param hangs takes every export and never answers */
export async function startCollector(hangs = false): Promise<Collector> {
  const spans: ReceivedSpan[] = []
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (hangs) return
      if (request.url === '/v1/traces') spans.push(...read(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Export))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  const port = await listen(server, 0, '127.0.0.1')
  return { url: `http://127.0.0.1:${port}`, spans, requests: () => requests, [Symbol.asyncDispose]: () => closeServer(server, 0) }
}

function read({ resourceSpans }: Export): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(record(resource.attributes)['service.name'])
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId = '', kind, attributes = [], status }) => ({ service, name, traceId, spanId, parentSpanId, kind, attributes: record(attributes), failed: status?.code === 2 })),
    )
  })
}

function record(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue]))
}
