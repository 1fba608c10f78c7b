import type { Dispatcher } from 'undici'
import { AisleError } from '../../runtime/errors.ts'
import { decode } from './decode.ts'

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number
  readonly text: string
}

export interface Exchange {
  readonly answer: Promise<RawAnswer>
  readonly handler: Dispatcher.DispatchHandler
}

export interface ExchangeLimits {
  /** Longest wait for the whole answer, in milliseconds. */
  readonly timeoutMs: number
  /** Largest answer, in bytes. */
  readonly maxBytes: number
}

/**
 * Receives one answer straight from the connection: a stream for each of them would cost more than all else about a small one.
 * The answer fails with AisleError SUBGRAPH_UNREACHABLE, SUBGRAPH_TIMEOUT, SUBGRAPH_BAD_RESPONSE or REQUEST_CANCELLED.
 */
export function createExchange(signal: AbortSignal, { timeoutMs, maxBytes }: ExchangeLimits): Exchange {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
  let controller: Dispatcher.DispatchController | null = null
  let failure: AisleError | null = null
  let status = 0
  let encoding: string | null = null
  let chunks: Buffer[] = []
  let size = 0
  const end = (): void => {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
  }
  const fail = (error: AisleError): void => {
    if (failure !== null) return
    failure = error
    end()
    reject(error)
    controller?.abort(error)
  }
  const leave = (): void => fail(new AisleError('REQUEST_CANCELLED'))
  const timer = setTimeout(() => fail(new AisleError('SUBGRAPH_TIMEOUT')), timeoutMs)
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave)
  return {
    answer: promise,
    handler: {
      onRequestStart(started) {
        controller = started
        chunks = []
        size = 0
        if (failure !== null) started.abort(failure)
      },
      onResponseStart(_controller, statusCode, headers) {
        status = statusCode
        const given = headers['content-encoding']
        encoding = given === undefined ? null : String(given).toLowerCase()
      },
      onResponseData(_controller, chunk) {
        size += chunk.length
        if (size > maxBytes) fail(new AisleError('SUBGRAPH_BAD_RESPONSE', `A service behind the gateway answered with more than ${maxBytes} bytes.`))
        else chunks.push(chunk)
      },
      onResponseEnd() {
        if (failure !== null) return
        end()
        const [first] = chunks
        const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size)
        if (encoding === null) resolve({ status, text: body.toString('utf8') })
        else decode(body, encoding, maxBytes).then((unpacked) => resolve({ status, text: unpacked.toString('utf8') }), reject)
      },
      onResponseError(_controller, cause) {
        fail(new AisleError('SUBGRAPH_UNREACHABLE', undefined, { cause }))
      },
    },
  }
}
