import { compress, type Encoding } from '../../runtime/graphql/encoding.ts'
import type { RawAnswer, SentHeaders, Transport } from './transport.ts'

/** Packs large requests for a server that is known to unpack them. */
export class PackingTransport implements Transport {
  readonly #transport: Transport
  readonly #encoding: Encoding
  readonly #from: number

  /** @param from the smallest body that is packed, in characters */
  constructor(transport: Transport, encoding: Encoding, from: number) {
    this.#transport = transport
    this.#encoding = encoding
    this.#from = from
  }

  async post(body: string | Buffer, headers: SentHeaders, signal: AbortSignal, timeoutMs: number): Promise<RawAnswer> {
    if (body.length < this.#from) return this.#transport.post(body, headers, signal, timeoutMs)
    return this.#transport.post(await compress(body, this.#encoding), { ...headers, 'content-encoding': this.#encoding }, signal, timeoutMs)
  }

  get(path: string, timeoutMs: number): Promise<RawAnswer> {
    return this.#transport.get(path, timeoutMs)
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]()
  }
}
