import { readFile } from 'node:fs/promises'
import { request } from 'undici'
import { AisleError } from '../../runtime/errors.ts'

/** Longest wait for a supergraph served over HTTP, in milliseconds. */
const fetchTimeoutMs = 10_000
/** A larger file is no supergraph. */
const maxBytes = 134_217_728
const tooLarge = `it is larger than ${maxBytes} bytes`

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

  /** What was read last is read as new the next time. */
  forget(): void {
    this.#last = null
    this.#etag = null
  }

  async #fetch(): Promise<string | null> {
    const { statusCode, headers, body } = await request(this.location, {
      headers: this.#etag === null ? {} : { 'if-none-match': this.#etag },
      signal: AbortSignal.timeout(fetchTimeoutMs),
    })
    const pieces: Buffer[] = []
    let size = 0
    for await (const piece of body as AsyncIterable<Buffer>) {
      size += piece.length
      // Leaving ends the connection: nobody has to take what never ends.
      if (size > maxBytes) throw new Error(tooLarge)
      pieces.push(piece)
    }
    if (statusCode === 304) return null
    if (statusCode !== 200) throw new Error(`it answered with status ${statusCode}`)
    const text = decode(Buffer.concat(pieces))
    this.#etag = typeof headers.etag === 'string' ? headers.etag : null
    return text
  }
}

function decode(bytes: Uint8Array): string {
  if (bytes.byteLength > maxBytes) throw new Error(tooLarge)
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}
