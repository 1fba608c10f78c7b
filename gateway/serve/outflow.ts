/** What becomes of events for a client that does not read: it gets the newest alone, or it is disconnected. */
export type SlowClientPolicy = 'coalesce' | 'disconnect'

export interface OutflowOptions {
  /** Bytes that may wait to be taken by one client; one message more always may. */
  readonly maxBytes: number
  readonly policy: SlowClientPolicy
}

/** A client's connection, as far as sending is concerned. */
export interface Connection {
  /** Bytes that the network has not taken yet. */
  readonly unsent: () => number
  /** @param onTaken called once the network has taken it, or never will */
  readonly write: (message: string, onTaken: () => void) => void
}

/**
 * What goes out to one client, in bounded memory however slowly it reads. Under `coalesce` the newest event of each of
 * its subscriptions waits for room, and those before it are dropped; under `disconnect` it is cut off.
 */
export class Outflow {
  readonly #connection: Connection
  readonly #options: OutflowOptions
  readonly #onTooSlow: () => void
  /** The newest event of each subscription that found no room. */
  readonly #newest = new Map<string, string>()
  #waiting: (() => void)[] = []
  #taken = 0
  #closed = false

  /** @param onTooSlow called once, when the client has to be cut off */
  constructor(connection: Connection, options: OutflowOptions, onTooSlow: () => void) {
    this.#connection = connection
    this.#options = options
    this.#onTooSlow = onTooSlow
  }

  /** How many messages the network has taken so far: a client that takes none while some wait may be gone. */
  get taken(): number {
    return this.#taken
  }

  get unsent(): number {
    return this.#connection.unsent()
  }

  /** Sends an event, or does with it what the policy says. */
  event(subscription: string, message: string): void {
    if (this.#closed) return
    if (!this.#newest.has(subscription) && this.hasRoom) {
      this.send(message)
    } else if (this.#options.policy === 'coalesce') {
      this.#newest.set(subscription, message)
    } else {
      this.close()
      this.#onTooSlow()
    }
  }

  /** Nothing of this subscription is sent any more. */
  forget(subscription: string): void {
    this.#newest.delete(subscription)
  }

  /** The event of this subscription that still waits, which its end must not overtake. */
  flush(subscription: string): void {
    const message = this.#newest.get(subscription)
    this.#newest.delete(subscription)
    if (message !== undefined) this.send(message)
  }

  /** Sends what must arrive whatever waits already. */
  send(message: string): void {
    this.#connection.write(message, this.#onTaken)
  }

  /** Sends what was asked for once there is room for it: who asks faster than it reads waits for its own answers. */
  async answer(message: string): Promise<void> {
    while (!this.#closed && !this.hasRoom) await this.room()
    if (!this.#closed) this.send(message)
  }

  /** Resolves as soon as there may be room again, or there is no client any more. */
  async room(): Promise<void> {
    if (this.#closed || this.hasRoom) return
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  /** Drops what waits; no further event is taken. */
  close(): void {
    this.#closed = true
    this.#newest.clear()
    this.#wake()
  }

  get hasRoom(): boolean {
    return this.#connection.unsent() <= this.#options.maxBytes
  }

  readonly #onTaken = (): void => {
    this.#taken++
    if (this.#newest.size === 0 && this.#waiting.length === 0) return
    for (const [subscription, message] of this.#newest) {
      if (!this.hasRoom) return
      this.#newest.delete(subscription)
      this.send(message)
    }
    if (this.hasRoom) this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
