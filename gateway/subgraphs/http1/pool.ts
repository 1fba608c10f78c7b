import { Connection, type ConnectionOwner, type Origin, type Waiting } from './connection.ts'

export interface PoolOptions {
  /** Connections that may be open at once. */
  readonly connections: number
  /** Largest answer, in bytes. */
  readonly maxBytes: number
  /** Longest wait for a connection to open, in milliseconds. */
  readonly connectMs: number
}

/** How often idle connections are looked through, in milliseconds. */
const sweepMs = 1_000

/** Keep-alive connections to one server. Requests wait, first come first served, while all are busy. */
export class ConnectionPool implements ConnectionOwner, Disposable {
  readonly #origin: Origin
  readonly #options: PoolOptions
  readonly #all = new Set<Connection>()
  /** The one used last is used first, so that those that are not needed grow old. */
  readonly #idle: Connection[] = []
  /** Requests by who waits for them. */
  readonly #queue = new Map<Waiting, string | Buffer>()
  readonly #sweep: NodeJS.Timeout
  #disposed = false

  constructor(origin: Origin, options: PoolOptions) {
    this.#origin = origin
    this.#options = options
    this.#sweep = setInterval(() => this.#closeOutdated(), sweepMs).unref()
  }

  /** @param request a whole HTTP/1.1 request; text of ASCII characters only may be given as such */
  send(request: string | Buffer, waiting: Waiting): void {
    if (this.#disposed) {
      waiting.failed(new Error('the connections are closed'))
      return
    }
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.usable) {
        connection.send(request, waiting)
        return
      }
      connection.destroy(new Error('the connection is too old'))
    }
    this.#queue.set(waiting, request)
    this.#openAnother()
  }

  /** Nobody waits for the answer any more. */
  abandon(waiting: Waiting): void {
    this.#queue.delete(waiting)
    waiting.connection?.abandon(waiting)
  }

  free(connection: Connection): void {
    const [next] = this.#queue
    if (next === undefined) {
      this.#idle.push(connection)
      return
    }
    const [waiting, request] = next
    this.#queue.delete(waiting)
    connection.send(request, waiting)
  }

  closed(connection: Connection, cause: Error): void {
    this.#all.delete(connection)
    const index = this.#idle.indexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
    const [next] = this.#queue
    if (next === undefined || this.#disposed) return
    // One that could not be opened costs the request that has waited longest; whether it is tried again is not decided here.
    if (!connection.opened) {
      const [waiting] = next
      this.#queue.delete(waiting)
      waiting.failed(cause)
    }
    if (this.#queue.size > 0) this.#openAnother()
  }

  #openAnother(): void {
    if (this.#all.size < this.#options.connections) this.#all.add(new Connection(this.#origin, this.#options, this))
  }

  #closeOutdated(): void {
    for (const connection of this.#all) if (connection.outdated) connection.destroy(new Error('the connection is too old'))
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    clearInterval(this.#sweep)
    const closed = new Error('the connections are closed')
    for (const waiting of this.#queue.keys()) waiting.failed(closed)
    this.#queue.clear()
    for (const connection of this.#all) connection.destroy(closed)
  }
}
