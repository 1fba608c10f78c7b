import { readFile } from 'node:fs/promises'
import { request } from 'undici'
import { AisleError } from '../../runtime/errors.ts'

/** Longest wait for a supergraph served over HTTP, in milliseconds. */
const fetchTimeoutMs = 10_000
/** A larger file is no supergraph. */
const maxBytes = 134_217_728

/** Where the supergraph's SDL comes from, a file or an http(s) URL, and what was last read there. */
export class SupergraphSource {
  readonly location: string
  readonly isUrl: boolean
  #last: string | null = null
  #etag: string | null = null

  constructor(location: string) {
    this.location = location
    this.isUrl = /^https?:\/\//.test(location)
  }

  /**
   * The SDL; null when it is the same as it was the last time.
   * @throws AisleError SUPERGRAPH_INVALID when it cannot be read
   */
  async read(): Promise<string | null> {
    try {
      const text = this.isUrl ? await this.#fetch() : decode(await readFile(this.location))
      if (text === this.#last) return null
      if (text !== null) this.#last = text
      return text
    } catch (error) {
      throw new AisleError('SUPERGRAPH_INVALID', `The supergraph at ${this.location} cannot be read: ${String(error)}`, { cause: error })
    }
  }

  async #fetch(): Promise<string | null> {
    const { statusCode, headers, body } = await request(this.location, {
      headers: this.#etag === null ? {} : { 'if-none-match': this.#etag },
      signal: AbortSignal.timeout(fetchTimeoutMs),
    })
    const bytes = await body.arrayBuffer()
    if (statusCode === 304) return null
    if (statusCode !== 200) throw new Error(`it answered with status ${statusCode}`)
    this.#etag = typeof headers.etag === 'string' ? headers.etag : null
    return decode(bytes)
  }
}

function decode(bytes: ArrayBuffer | Uint8Array): string {
  if (bytes.byteLength > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}
