import type { WebSocket } from 'ws'
import { AisleError } from '../../runtime/errors.ts'
import { Liveness } from './liveness.ts'
import { Outflow, type OutflowOptions } from './outflow.ts'

/** What one client may use of the gateway's memory, and how its presence is checked. */
export interface ClientLimits extends OutflowOptions {
  /** Pause between two looks whether the client is still there, in milliseconds; 0 never looks. */
  readonly pingMs: number
  /** Operations that may run on one connection at a time. */
  readonly maxOperations: number
  /** How long a connection may be open without an operation on it, in milliseconds; 0 for ever. */
  readonly idleMs: number
}

/** Closes a connection whose client does not read: a code of our own, after which clients may connect again. */
export const tooSlowCode = 4013

/** Closes a connection on which nothing has run for long; clients connect again when they need it. */
export const idleCode = 4014

/** How long a client may take to answer that its connection is being closed, in milliseconds. */
export const closeGraceMs = 3_000

/** One client's WebSocket: the operations that run on it and what waits to be sent to it. */
export class SocketClient implements Disposable {
  readonly outflow: Outflow
  readonly #socket: WebSocket
  readonly #limits: ClientLimits
  readonly #liveness: Liveness
  readonly #idle: NodeJS.Timeout | null
  #usedAt = performance.now()
  readonly #running = new Map<string, AbortController>()

  constructor(socket: WebSocket, limits: ClientLimits) {
    this.#socket = socket
    this.#limits = limits
    const connection = { unsent: () => socket.bufferedAmount, write: (message: string, onTaken: () => void) => socket.send(message, onTaken) }
    this.outflow = new Outflow(connection, limits, () => this.#cutOff())
    this.#liveness = new Liveness(this.outflow, limits.pingMs, { call: () => socket.ping(), cut: () => socket.terminate() })
    socket.on('pong', () => this.#liveness.onSign())
    this.#idle = limits.idleMs === 0 ? null : setTimeout(() => this.#lookForUse(), limits.idleMs).unref()
  }

  /** An operation starts. @throws AisleError TOO_MANY_OPERATIONS */
  enter(id: string): AbortController {
    if (this.#running.size >= this.#limits.maxOperations) throw new AisleError('TOO_MANY_OPERATIONS')
    const abort = new AbortController()
    this.#running.set(id, abort)
    return abort
  }

  /** The operation is over; one that came later under the same id stays. */
  leave(id: string, abort: AbortController): void {
    if (this.#running.get(id) !== abort) return
    this.#running.delete(id)
    this.#usedAt = performance.now()
    this.outflow.forget(id)
  }

  /** Reads no further while the client does not read its answers. */
  holdBack(): void {
    if (this.outflow.hasRoom || this.#socket.isPaused) return
    this.#socket.pause()
    void this.outflow.room().then(() => this.#socket.resume())
  }

  #lookForUse(): void {
    if (this.#running.size > 0 || performance.now() - this.#usedAt < this.#limits.idleMs) this.#idle?.refresh()
    else this.#socket.close(idleCode, 'Nothing has run on this connection for long')
  }

  /** Its subscriptions end with an error each before the connection does. */
  #cutOff(): void {
    const reason = new AisleError('CLIENT_TOO_SLOW')
    for (const abort of this.#running.values()) abort.abort(reason)
    setImmediate(() => this.#socket.close(tooSlowCode, reason.message))
    setTimeout(() => this.#socket.terminate(), closeGraceMs).unref()
  }

  /** The connection is closed. */
  [Symbol.dispose](): void {
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#liveness[Symbol.dispose]()
    this.outflow.close()
    for (const abort of this.#running.values()) abort.abort()
  }
}
