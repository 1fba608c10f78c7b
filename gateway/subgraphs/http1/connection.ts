import { connect, type Socket } from 'node:net'
import { type Departure, departTogether } from '../../../runtime/departures.ts'
import { AnswerReceiver, type Received } from './receiver.ts'

/** Where connections lead. */
export interface Origin {
  readonly host: string
  readonly port: number
}

/** Whoever waits for one answer; told once. The received body must be read at once. */
export interface Waiting {
  /** What its request was sent on; set here. */
  connection: Connection | null
  answered(answer: Received): void
  failed(cause: Error): void
}

/** Told by a connection about itself. */
export interface ConnectionOwner {
  /** It is open, or has brought an answer, and may be used. */
  free(connection: Connection): void
  /** It is gone; whoever waited on it has been told. */
  closed(connection: Connection, cause: Error): void
}

/** How long a connection that has not carried anything yet is trusted, in milliseconds: its server has not said how long it waits. */
const unusedMs = 4_000
/** TCP asks an idle peer whether it is still there after so long, in milliseconds. */
const keepAliveMs = 60_000

/** Every connection reads here: bytes are taken before any other connection reads. */
const readBuffer = Buffer.allocUnsafe(131_072)

/**
 * One connection to a server, carrying one request at a time. It reads into memory that all share and parses where the bytes lie: the
 * streams and the parser of a general client cost several times what a small answer is worth.
 */
export class Connection implements Departure {
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  readonly #maxBytes: number
  #receiver: AnswerReceiver | null = null
  #waiting: Waiting | null = null
  /** Given, but not written yet. */
  #request: string | Buffer = ''
  #reusableUntil = Infinity
  #opened = false
  #cause: Error | null = null

  /** @param maxBytes largest answer @param connectMs longest wait for it to open, in milliseconds */
  constructor({ host, port }: Origin, { maxBytes, connectMs }: { readonly maxBytes: number; readonly connectMs: number }, owner: ConnectionOwner) {
    this.#owner = owner
    this.#maxBytes = maxBytes
    const callback = (size: number): boolean => {
      this.#take(readBuffer.subarray(0, size))
      return true
    }
    this.#socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs, onread: { buffer: readBuffer, callback } }, () => this.#open())
    this.#socket.setTimeout(connectMs, () => this.destroy(new Error('the connection could not be opened in time')))
    this.#socket.on('error', (error) => {
      this.#cause ??= error
    })
    this.#socket.on('end', () => this.#ended())
    this.#socket.on('close', () => this.#close())
  }

  /** Whether it was ever open. */
  get opened(): boolean {
    return this.#opened
  }

  /** Whether it has been idle for longer than its server can be trusted to keep it. */
  get outdated(): boolean {
    return this.#waiting === null && performance.now() >= this.#reusableUntil
  }

  /** Whether a request may be sent on it now. */
  get usable(): boolean {
    return !this.#socket.destroyed && !this.outdated
  }

  /** @param request a whole request; text of ASCII characters only may be given as such */
  send(request: string | Buffer, waiting: Waiting): void {
    waiting.connection = this
    this.#waiting = waiting
    this.#receiver = new AnswerReceiver(this.#maxBytes)
    this.#request = request
    departTogether(this, request.length)
  }

  /** Writes the request that it was given. */
  depart(): void {
    const request = this.#request
    this.#request = ''
    if (this.#socket.destroyed) return
    if (typeof request === 'string') this.#socket.write(request, 'latin1')
    else this.#socket.write(request)
  }

  /** Ends it at once; whoever waits on it is told. */
  destroy(cause: Error): void {
    this.#cause ??= cause
    this.#socket.destroy()
  }

  /** The one who waited has left: what still comes for it ends with the connection. Without effect once it was answered. */
  abandon(waiting: Waiting): void {
    if (this.#waiting !== waiting) return
    this.#waiting = null
    this.destroy(new Error('nobody waits for the answer any more'))
  }

  #open(): void {
    this.#opened = true
    this.#reusableUntil = performance.now() + unusedMs
    this.#socket.setTimeout(0)
    this.#owner.free(this)
  }

  #take(bytes: Buffer): void {
    // Nor did anybody ask while the request has not left yet.
    if (this.#receiver === null || this.#request !== '') {
      this.destroy(new Error('the server sent what nobody asked for'))
      return
    }
    try {
      const answer = this.#receiver.push(bytes)
      if (answer !== null) this.#answer(answer)
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #answer(answer: Received): void {
    const waiting = this.#waiting
    this.#waiting = null
    this.#receiver = null
    waiting?.answered(answer)
    const { reusableMs } = answer.head
    if (reusableMs === 0 || answer.surplus) {
      this.destroy(new Error('the connection is used up'))
    } else {
      this.#reusableUntil = performance.now() + reusableMs
      this.#owner.free(this)
    }
  }

  #ended(): void {
    const answer = this.#receiver?.end() ?? null
    if (answer !== null) this.#answer(answer)
    this.destroy(new Error('the server closed the connection'))
  }

  #close(): void {
    const cause = this.#cause ?? new Error('the connection broke')
    this.#waiting?.failed(cause)
    this.#waiting = null
    this.#receiver = null
    this.#owner.closed(this, cause)
  }
}
