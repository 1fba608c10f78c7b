import { ChunkedBody } from './chunked.ts'
import { MalformedResponse, parseHead, type ResponseHead } from './head.ts'

/** Largest head, in bytes. */
const maxHead = 65_536

const headEnd = Buffer.from('\r\n\r\n')
const nothing = Buffer.alloc(0)

/** The body is larger than it may be. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge'
}

export interface Received {
  readonly head: ResponseHead
  /** May lie in memory that is used again: it must be read at once. */
  readonly body: Buffer
  /** Whether bytes have come that do not belong to it. */
  readonly surplus: boolean
}

/** Takes the bytes of one answer as they come. */
export class AnswerReceiver {
  readonly #maxBytes: number
  #start: Buffer | null = null
  #head: ResponseHead | null = null
  #chunked: ChunkedBody | null = null
  #parts: Buffer[] = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * @param bytes valid during the call only
   * @returns the answer once it is complete
   * @throws MalformedResponse, TooLarge
   */
  push(bytes: Buffer): Received | null {
    const head = this.#head
    if (head !== null) return this.#takeBody(head, bytes)
    const all = this.#start === null ? bytes : Buffer.concat([this.#start, bytes])
    const end = all.indexOf(headEnd)
    if (end > maxHead || (end < 0 && all.length > maxHead)) throw new MalformedResponse('the head of the response is too long')
    if (end < 0) {
      this.#start = Buffer.from(all)
      return null
    }
    this.#start = null
    const parsed = parseHead(all.toString('latin1', 0, end))
    const rest = all.subarray(end + headEnd.length)
    if (parsed.status === 101) throw new MalformedResponse('the server speaks another protocol from now on')
    // An interim answer (103, for example) comes before the one that counts.
    if (parsed.status < 200) return this.push(rest)
    this.#head = parsed
    if ((parsed.length ?? 0) > this.#maxBytes) throw new TooLarge()
    if (parsed.chunked) this.#chunked = new ChunkedBody()
    return this.#takeBody(parsed, rest)
  }

  /** The connection has ended. @returns the answer if that was how its end is told */
  end(): Received | null {
    const head = this.#head
    if (head === null || head.length !== null || head.chunked) return null
    return { head, body: Buffer.concat(this.#parts, this.#size), surplus: false }
  }

  #takeBody(head: ResponseHead, bytes: Buffer): Received | null {
    if (this.#chunked !== null) return this.#takeChunks(head, this.#chunked, bytes)
    const { length } = head
    const missing = length === null ? Infinity : length - this.#size
    // Most answers are here at once: those are read where they lie.
    if (this.#size === 0 && bytes.length >= missing) return { head, body: bytes.subarray(0, missing), surplus: bytes.length > missing }
    const part = Buffer.from(bytes.length > missing ? bytes.subarray(0, missing) : bytes)
    this.#parts.push(part)
    this.#size += part.length
    if (this.#size > this.#maxBytes) throw new TooLarge()
    return this.#size === length ? { head, body: Buffer.concat(this.#parts, this.#size), surplus: bytes.length > missing } : null
  }

  #takeChunks(head: ResponseHead, chunked: ChunkedBody, bytes: Buffer): Received | null {
    const end = chunked.push(bytes)
    if (chunked.size > this.#maxBytes) throw new TooLarge()
    if (end < 0) return null
    const [only = nothing] = chunked.parts
    return { head, body: chunked.parts.length < 2 ? only : Buffer.concat(chunked.parts, chunked.size), surplus: end < bytes.length }
  }
}
