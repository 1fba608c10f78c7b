import { pipeline, type Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip } from 'node:zlib'
import { enrolAnswer } from '../enrolment.ts'
import { AisleError, errorTable, type ErrorCode } from '../../runtime/errors.ts'
import { currentRequest, currentSpan, requestIdHeader } from '../../runtime/request.ts'
import { noTracing, type TraceSpan, type Tracing, underSpan } from '../../runtime/tracing.ts'
import { jsonType, protocolHeader, protocolVersion } from '../protocol.ts'
import { defaultTimeoutMs, overNetwork } from './network.ts'
import type { NodeKey } from './node-key.ts'

export interface HttpOriginOptions {
  /** Origin's base URL, without a trailing slash. */
  readonly origin: string
  readonly storeId: string
  /** Longest wait for a connection, and for the next bytes of an answer, in milliseconds. */
  readonly timeoutMs?: number
  /** Carries requests; connections of its own over the network without it. */
  readonly transport?: Transport
  /** Told whenever something of an answer of origin comes: its head, and each piece of its body. */
  readonly onHeard?: () => void
  /** What requests are signed with; unsigned without it. */
  readonly key?: NodeKey | null
  /** Enrols the key first, where origin has not taken it yet. */
  readonly enrolCode?: string
  readonly watch?: LinkWatch
}

/** Told of every request to origin. */
export interface LinkWatch {
  readonly tracing: Tracing
  /** It was answered, refused with a code, or failed with one, after so many seconds; those that wait for changes wait long. */
  readonly asked: (seconds: number, failure: string | null) => void
}

/** What carries requests to origin and brings what answers them. */
export interface Transport {
  /** @throws what happened instead of an answer. */
  request(request: TransportRequest): Promise<TransportAnswer>
  destroy(): Promise<void>
}

export interface TransportRequest {
  /** Scheme, host and port. */
  readonly origin: string
  /** With the query. */
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body: string | null
  /** Longest wait for the head of the answer, in milliseconds, and for each piece of its body. */
  readonly headersTimeout: number
  readonly bodyTimeout: number
  readonly signal: AbortSignal | null
}

export interface TransportAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Readable
}

export interface OriginRequest {
  readonly method: 'GET' | 'POST'
  /** Below `/sync/stores/<id>/`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>>
  /** JSON. */
  readonly body?: string
  /** How much longer than usual the answer may take to begin, in milliseconds. */
  readonly patienceMs?: number
  /** The media type that the answer must have. */
  readonly expect: string
  readonly signal?: AbortSignal
}

/** A request whose answer is one JSON value. */
export type JsonRequest = Omit<OriginRequest, 'expect'>

/** Largest JSON answer that is believed to be origin's, in bytes after unpacking: a node with little memory must outlive it. */
const mostBytes = 32 * 1024 * 1024

/** Speaks the protocol to origin over HTTP: what does not answer in the protocol is never taken for origin. */
export class HttpOrigin implements AsyncDisposable {
  readonly storeId: string
  readonly #origin: string
  readonly #timeoutMs: number
  readonly #onHeard: () => void
  readonly #transport: Transport
  readonly #key: NodeKey | null
  readonly #enrolCode: string | null
  readonly #watch: LinkWatch
  #enrolling: Promise<void> | null = null

  constructor({ origin, storeId, timeoutMs = defaultTimeoutMs, onHeard = () => {}, transport, key = null, enrolCode, watch = { tracing: noTracing, asked() {} } }: HttpOriginOptions) {
    this.storeId = storeId
    this.#origin = origin
    this.#timeoutMs = timeoutMs
    this.#onHeard = onHeard
    this.#transport = transport ?? overNetwork({ timeoutMs })
    this.#key = key
    this.#enrolCode = enrolCode ?? null
    this.#watch = watch
  }

  /**
   * Sends a request and returns the body of a good answer, unpacked.
   * @throws AisleError ORIGIN_UNREACHABLE, PROTOCOL_VIOLATION, or the code of origin's refusal.
   */
  async open(request: OriginRequest): Promise<Readable> {
    await this.#enrolled()
    return this.#asking(request, (span) => this.#open(request, span))
  }

  /**
   * The same for an answer that is one JSON value.
   * @param as makes of it what was asked for, or raises PROTOCOL_VIOLATION
   */
  async json<Answer>(request: JsonRequest, as: (answer: unknown) => Answer): Promise<Answer> {
    await this.#enrolled()
    return this.#asking(request, async (span) => as(parse(await readText(this.pieces(await this.#open({ ...request, expect: jsonType }, span)), mostBytes))))
  }

  async #open(request: OriginRequest, span: TraceSpan): Promise<Readable> {
    return this.#read(request, await this.#exchange(request, this.#url(`stores/${encodeURIComponent(this.storeId)}/${request.path}`), span.headers ?? {}))
  }

  /** Makes this node known to origin, once for all who ask meanwhile; tried again by whoever asks next when it fails. */
  async #enrolled(): Promise<void> {
    if (this.#enrolCode === null || this.#key === null || this.#key.enrolled) return
    this.#enrolling ??= this.#enrol(this.#key, this.#enrolCode).finally(() => {
      this.#enrolling = null
    })
    await this.#enrolling
  }

  async #enrol(key: NodeKey, code: string): Promise<void> {
    const attempt = async (): Promise<unknown> => {
      const request: OriginRequest = { method: 'POST', path: '', body: await key.enrolment(code), expect: jsonType }
      return this.#asking(request, async (span) => parse(await readText(this.pieces(await this.#read(request, await this.#exchange(request, this.#url('enrol'), span.headers ?? {}))), mostBytes)))
    }
    // The first refusal may be the clock's: its answer has told origin's time.
    const answer = enrolAnswer.safeParse(await attempt().catch((error: unknown) => (AisleError.is(error) && error.code === 'ENROLMENT_REFUSED' ? attempt() : Promise.reject(error))))
    if (!answer.success || answer.data.nodeId !== key.nodeId) throw new AisleError('PROTOCOL_VIOLATION', 'Origin\'s answer to the enrolment is none.')
    await key.markEnrolled()
  }

  async #read(request: OriginRequest, response: TransportAnswer): Promise<Readable> {
    const { statusCode, headers } = response
    if (headers[protocolHeader] !== protocolVersion) {
      discard(response.body)
      throw new AisleError('PROTOCOL_VIOLATION', `An answer of status ${statusCode} came from ${this.#origin} without the header ${protocolHeader}: ${protocolVersion}.`)
    }
    this.#key?.heardTime(typeof headers.date === 'string' ? headers.date : undefined)
    this.#onHeard()
    const body = unpack(response)
    if (statusCode !== 200) throw await readRefusal(statusCode, body)
    const [type] = String(headers['content-type'] ?? '').split(';', 1)
    if (type === request.expect) return body
    discard(body)
    throw new AisleError('PROTOCOL_VIOLATION', `Origin answered with ${type ?? 'nothing'} where ${request.expect} belongs.`)
  }

  /** The pieces of an answer's body as they come, each of them heard. */
  async *pieces(body: Readable): AsyncGenerator<Buffer> {
    for await (const piece of body as AsyncIterable<Buffer>) {
      this.#onHeard()
      yield piece
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport.destroy()
  }

  #url(path: string): URL {
    return new URL(`${this.#origin}/sync/${path}`)
  }

  /** Lets be known how it went: what came instead of an answer is a failure too. */
  async #asking<Answer>(request: JsonRequest, ask: (span: TraceSpan) => Promise<Answer>): Promise<Answer> {
    const { tracing, asked } = this.#watch
    const parent = currentSpan()
    const name = `${request.method} origin ${request.path.split('/', 1)[0] ?? ''}`
    const span = parent.recording ? parent.child(name, 'client', { 'peer.service': 'origin' }) : tracing.begin(name, 'client')
    const startedAt = performance.now()
    try {
      const answer = await underSpan(span, () => ask(span))
      asked((performance.now() - startedAt) / 1000, null)
      return answer
    } catch (error) {
      asked((performance.now() - startedAt) / 1000, AisleError.is(error) ? error.code : 'REQUEST_CANCELLED')
      throw error
    }
  }

  async #exchange({ method, query = {}, body, patienceMs = 0, expect, signal }: OriginRequest, url: URL, trace: Readonly<Record<string, string>>): Promise<TransportAnswer> {
    const asker = currentRequest()
    const authorization = this.#key?.enrolled === true ? await this.#key.authorization() : null
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
    try {
      return await this.#transport.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: {
          [protocolHeader]: protocolVersion,
          accept: expect,
          ...(asker === undefined ? {} : { [requestIdHeader]: asker.id }),
          ...trace,
          ...(authorization === null ? {} : { authorization }),
          'accept-encoding': 'br, gzip',
          ...(body === undefined ? {} : { 'content-type': jsonType }),
        },
        body: body ?? null,
        headersTimeout: this.#timeoutMs + patienceMs,
        bodyTimeout: this.#timeoutMs,
        signal: signal ?? null,
      })
    } catch (error) {
      signal?.throwIfAborted()
      throw new AisleError('ORIGIN_UNREACHABLE', `Origin at ${this.#origin} cannot be reached: ${describe(error)}`, { cause: error })
    }
  }
}

/** In the details of a failure: an answer with less in it may come through. */
const askForLess = { smaller: true }

/** Failures while the body is read are the link's, whatever stream they come from. */
export function linkFailure(error: unknown): unknown {
  if (AisleError.is(error) || (error instanceof Error && error.name === 'AbortError')) return error
  return new AisleError('ORIGIN_UNREACHABLE', `The answer broke off: ${describe(error)}`, { cause: error, details: askForLess })
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AisleError('PROTOCOL_VIOLATION', 'Origin answered with something that is not JSON.', { cause: error })
  }
}

/** Drops an answer that is of no use; its connection goes with it. */
export function discard(body: Readable): void {
  body.on('error', () => {})
  body.destroy()
}

function unpack({ headers, body }: TransportAnswer): Readable {
  const encoding = headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return body
  if (encoding !== 'gzip' && encoding !== 'br') {
    discard(body)
    throw new AisleError('PROTOCOL_VIOLATION', `Origin packed its answer with ${String(encoding)}, which was not asked for.`)
  }
  // The failure of either end shows where the unpacked bytes are read.
  return pipeline(body, encoding === 'br' ? createBrotliDecompress() : createGunzip(), () => {})
}

async function readText(body: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.length
      if (size > limit) throw new AisleError('PROTOCOL_VIOLATION', `Origin's answer is larger than ${limit} bytes.`, { details: askForLess })
      chunks.push(chunk)
    }
  } catch (error) {
    throw linkFailure(error)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function readRefusal(status: number, body: Readable): Promise<AisleError> {
  const answer = parse(await readText(body, 64 * 1024)) as { error?: { code?: unknown; message?: unknown; details?: unknown } } | null
  const { code, message, details } = answer?.error ?? {}
  if (typeof code !== 'string' || typeof message !== 'string') return new AisleError('PROTOCOL_VIOLATION', `Origin refused with status ${status} and no reason.`)
  // A newer origin may have codes of its own.
  const known: ErrorCode = Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'PROTOCOL_VIOLATION'
  return new AisleError(known, message, typeof details === 'object' && details !== null ? { details: { ...details } } : {})
}

function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // OpenSSL ends its lines.
  return text.trim() === '' && error instanceof Error ? error.name : text.trim()
}
