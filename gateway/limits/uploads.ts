import type { IncomingMessage } from 'node:http'

export interface UploadLimits {
  /** Bytes a second that a body must come in at, once `graceMs` are over; 0 waits as long as the server does. */
  readonly minRate: number
  readonly graceMs: number
}

const tooSlow = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

/** Cuts off requests whose bodies trickle in, which would otherwise each hold a connection until the server's own limit. */
export class Uploads implements Disposable {
  readonly #limits: UploadLimits
  readonly #open = new Map<IncomingMessage, { readonly since: number; readonly read: number }>()
  readonly #timer: NodeJS.Timeout | null

  constructor(limits: UploadLimits) {
    this.#limits = limits
    this.#timer = limits.minRate === 0 ? null : setInterval(() => this.#look(), Math.max(50, limits.graceMs / 4)).unref()
  }

  /** A request with a body begins. */
  begin(request: IncomingMessage): void {
    if (this.#timer !== null && !request.complete) this.#open.set(request, { since: performance.now(), read: request.socket.bytesRead })
  }

  /** Its body is there, or it has ended otherwise. */
  end(request: IncomingMessage): void {
    this.#open.delete(request)
  }

  #look(): void {
    const now = performance.now()
    for (const [request, { since, read }] of this.#open) {
      const { socket } = request
      if (socket.destroyed || request.complete) this.#open.delete(request)
      if (now - since < this.#limits.graceMs || (socket.bytesRead - read) * 1_000 >= (now - since) * this.#limits.minRate) continue
      this.#open.delete(request)
      socket.end(tooSlow, () => socket.destroy())
    }
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }
}
