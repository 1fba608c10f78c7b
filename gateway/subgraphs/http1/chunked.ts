import { MalformedResponse } from './head.ts'

/** Longest line that tells a chunk's size, its extensions included, or a trailer; in bytes. */
const maxLine = 4_096

/** Puts a body together that comes in chunks (RFC 9112, 7.1), however the network cuts them. */
export class ChunkedBody {
  readonly parts: Buffer[] = []
  /** Bytes put together so far. */
  size = 0
  #state: 'size' | 'data' | 'data end' | 'trailer' = 'size'
  #line = ''
  #left = 0

  /**
   * @returns the position after the body's end, or -1 when more must come
   * @throws MalformedResponse
   */
  push(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const end = Math.min(bytes.length, at + this.#left)
        this.parts.push(Buffer.from(bytes.subarray(at, end)))
        this.size += end - at
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#state = 'data end'
        continue
      }
      const newline = bytes.indexOf(10, at)
      const end = newline < 0 ? bytes.length : newline + 1
      this.#line += bytes.toString('latin1', at, end)
      if (this.#line.length > maxLine) throw new MalformedResponse('a line between chunks is too long')
      at = end
      if (newline < 0) return -1
      if (this.#endLine()) return at
    }
    return -1
  }

  /** True when the body is complete. */
  #endLine(): boolean {
    const line = this.#line
    this.#line = ''
    if (!line.endsWith('\r\n')) throw new MalformedResponse('a line between chunks does not end as it must')
    const text = line.slice(0, -2)
    if (this.#state === 'trailer') return text === ''
    if (this.#state === 'data end') {
      if (text !== '') throw new MalformedResponse('a chunk is longer than it says')
      this.#state = 'size'
      return false
    }
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(text)?.[1]
    if (size === undefined) throw new MalformedResponse('the size of a chunk cannot be read')
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailer' : 'data'
    return false
  }
}
