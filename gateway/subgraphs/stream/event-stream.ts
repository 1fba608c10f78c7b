/** One event of an event stream; a comment, which only shows that the sender is there, has neither name nor data. */
export interface StreamEvent {
  readonly name: string | null
  readonly data: string
}

/**
 * Reads an event stream piece by piece (HTML standard, "Server-sent events": `event` and `data` fields and comments;
 * `id` and `retry` mean nothing here). Pieces may end anywhere, within a character too.
 */
export class EventStreamReader {
  readonly #decoder = new TextDecoder()
  readonly #maxLength: number
  #text = ''
  /** How much of the text is known to hold no end of a line. */
  #scanned = 0
  #name: string | null = null
  #data: string[] = []
  #length = 0

  /** @param maxLength largest event, in characters */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** The events that end in this piece. @throws RangeError when one is larger than allowed */
  read(piece: Uint8Array): StreamEvent[] {
    this.#text += this.#decoder.decode(piece, { stream: true })
    const events: StreamEvent[] = []
    for (;;) {
      const line = this.#nextLine()
      if (line === null) break
      const event = this.#onLine(line)
      if (event !== null) events.push(event)
    }
    if (this.#length + this.#text.length > this.#maxLength) throw new RangeError('an event is larger than allowed')
    return events
  }

  #nextLine(): string | null {
    const lineEnd = /[\r\n]/g
    lineEnd.lastIndex = this.#scanned
    const end = lineEnd.exec(this.#text)?.index ?? this.#text.length
    this.#scanned = end
    // Whether a line feed belongs to a carriage return is not known before the next piece.
    if (end === this.#text.length || (this.#text[end] === '\r' && end === this.#text.length - 1)) return null
    const line = this.#text.slice(0, end)
    this.#text = this.#text.slice(this.#text.startsWith('\r\n', end) ? end + 2 : end + 1)
    this.#scanned = 0
    return line
  }

  #onLine(line: string): StreamEvent | null {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    if (colon === 0) return { name: null, data: '' }
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') this.#name = value
    if (field === 'data') {
      this.#data.push(value)
      this.#length += value.length
    }
    return null
  }

  /** An event without a name is a `message`. */
  #dispatch(): StreamEvent | null {
    const event = this.#name === null && this.#data.length === 0 ? null : { name: this.#name ?? 'message', data: this.#data.join('\n') }
    this.#name = null
    this.#data = []
    this.#length = 0
    return event
  }
}
