import { connect, type Socket } from 'node:net'

const headEnd = Buffer.from('\r\n\r\n')
const lastChunk = Buffer.from('0\r\n\r\n')

/** Told about each answer: its HTTP status and the bytes of its body. */
export type OnAnswer = (status: number, body: Buffer) => void

/**
 * One keep-alive connection that asks again as soon as it was answered, by hand: a client library would cost more than many of the
 * answers, on the core that the subgraphs need.
 */
export class Connection {
  readonly #socket: Socket
  readonly #next: () => string | Buffer | null
  readonly #onAnswer: OnAnswer
  readonly ended: Promise<void>
  #chunks: Buffer[] = []
  #received = 0
  /** Bytes of the whole answer, head included; null before its head has come, Infinity where chunks must tell. */
  #expected: number | null = null
  #bodyStart = 0
  #status = 0
  #idle = false

  /** @param next the bytes of the next request; none to wait for {@link goOn}, null to end */
  constructor(host: string, port: number, next: () => string | Buffer | null, onAnswer: OnAnswer) {
    this.#next = next
    this.#onAnswer = onAnswer
    this.#socket = connect({ host, port, noDelay: true }, () => this.#ask())
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.ended = new Promise((resolve) => {
      this.#socket.on('close', () => resolve())
    })
    this.#socket.on('error', () => this.#onAnswer(0, Buffer.alloc(0)))
  }

  cut(): void {
    this.#socket.destroy()
  }

  /** Asks again, if it had nothing to ask. */
  goOn(): void {
    if (this.#idle) this.#ask()
  }

  #ask(): void {
    const request = this.#next()
    this.#idle = request?.length === 0
    if (request === null) this.#socket.end()
    else if (!this.#idle) this.#socket.write(request)
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#received += chunk.length
    if (this.#expected === null && !this.#readHead()) return
    if (this.#expected === Infinity ? !chunk.subarray(-lastChunk.length).equals(lastChunk) : this.#received < (this.#expected ?? 0)) return
    const [first] = this.#chunks
    const whole = this.#chunks.length === 1 && first !== undefined ? first : this.#chunks
    this.#answered(Array.isArray(whole) ? Buffer.concat(whole, this.#received) : whole)
  }

  #readHead(): boolean {
    const [first] = this.#chunks
    const start = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)
    const end = start.indexOf(headEnd)
    if (end < 0) return false
    const head = start.toString('latin1', 0, end)
    this.#status = Number(head.slice(9, 12))
    this.#bodyStart = end + headEnd.length
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    this.#expected = length === null ? Infinity : this.#bodyStart + Number(length[1])
    return true
  }

  #answered(whole: Buffer): void {
    const body = whole.subarray(this.#bodyStart)
    const chunked = this.#expected === Infinity
    this.#chunks = []
    this.#received = 0
    this.#expected = null
    this.#onAnswer(this.#status, chunked ? unchunk(body) : body)
    this.#ask()
  }
}

function unchunk(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
