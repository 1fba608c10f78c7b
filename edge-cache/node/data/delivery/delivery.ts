import type { Logger } from '../../../../runtime/log.ts'
import { thisMachine, type Machine } from '../../../../runtime/machine.ts'
import { askedToWait, Backoff, pause } from '../../../../subgraphs/log/backoff.ts'
import type { Link } from '../link.ts'
import type { KeptOperation, LogMark } from '../outbox/operation.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { Alarm } from './alarm.ts'
import { DeliveryRefused, toSent, type DeliveryClient, type DeliveryResult } from './client.ts'

/** Most writes in one request. */
const mostOperations = 100

/**
 * Most bytes of their payloads: at first, at most, and at least. It doubles with each success and halves with each failure, so that
 * a request is never too long for the link it has to pass, however slow that is.
 */
const firstBytes = 64 * 1024
const mostBytes = 512 * 1024
const leastBytes = 4 * 1024

/** How soon, in milliseconds, a write that could not be tried is offered again: first and at most. */
const faultyFirstMs = 1_000
const faultyMostMs = 10 * 60_000

export interface DeliveryOptions {
  readonly outbox: Outbox
  readonly client: DeliveryClient
  readonly link: Link
  readonly log: Logger
  /** First and longest pause after failures in a row, in milliseconds. */
  readonly firstPauseMs?: number
  readonly mostPauseMs?: number
  /** The cloud's clock in epoch milliseconds; null while it is not known, and then nothing is delivered. */
  readonly cloudNow: () => number | null
  /** Where the replica stands. */
  readonly position: () => LogMark | null
  readonly machine?: Machine
  /** Told of every request: how it went, and how many writes it carried. */
  readonly onRequest?: (result: 'delivered' | 'refused' | 'failed', operations: number) => void
}

/**
 * Carries the outbox to origin in its order, at least once; (store, incarnation, n) makes it exactly once there. A write
 * that origin cannot use waits by itself, and the rest goes on.
 */
export class Delivery implements AsyncDisposable {
  readonly #options: DeliveryOptions
  readonly #machine: Machine
  readonly #alarm: Alarm
  readonly #stop = new AbortController()
  readonly #backoff: Backoff
  /** Writes that could not be tried: when to offer them again, by the monotonic clock. */
  readonly #faulty = new Map<number, { readonly backoff: Backoff; notBefore: number }>()
  #idle = false
  #bytes = firstBytes
  readonly #ended: Promise<void>

  constructor(options: DeliveryOptions) {
    const { machine = thisMachine } = options
    this.#options = options
    this.#machine = machine
    this.#alarm = new Alarm(machine)
    this.#backoff = new Backoff(options.firstPauseMs ?? 200, options.mostPauseMs ?? 30_000, machine)
    options.link.onUp(() => this.#alarm.ring())
    this.#ended = this.#run()
  }

  /** Writes that origin could not use so far. */
  get faulty(): number {
    return this.#faulty.size
  }

  /** There is something new to deliver. */
  wake(): void {
    // While it backs off, new writes wait like the others.
    if (this.#idle) this.#alarm.ring()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#alarm.ring()
    await this.#ended
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      let carried = 0
      try {
        const group = this.#due()
        carried = group.length
        if (carried === 0) {
          this.#idle = true
          await this.#alarm.wait(this.#untilDue())
          this.#idle = false
          continue
        }
        await this.#deliver(group)
        this.#backoff.succeeded()
        this.#bytes = Math.min(mostBytes, this.#bytes * 2)
      } catch (error) {
        if (this.#stop.signal.aborted) return
        await this.#pauseAfter(error, carried)
      }
    }
  }

  async #pauseAfter(error: unknown, operations: number): Promise<void> {
    const { log, onRequest } = this.#options
    onRequest?.('failed', operations)
    const asked = askedToWait(error, this.#machine)
    const pauseMs = Math.max(asked, this.#backoff.failed())
    log.debug({ err: error, pauseMs: Math.round(pauseMs) }, 'writes could not be delivered')
    // Who is told when to come back comes no sooner, whatever happens meanwhile.
    if (asked > 0) return pause(pauseMs, this.#stop.signal, this.#machine)
    this.#bytes = Math.max(leastBytes, this.#bytes / 2)
    await this.#alarm.wait(pauseMs)
  }

  /** The writes whose turn it is, oldest first, as many as fit one request. */
  #due(): KeptOperation[] {
    if (this.#options.cloudNow() === null) return []
    const now = this.#machine.monotonic()
    const group: KeptOperation[] = []
    const waiting = this.#options.outbox.waiting(0, mostOperations + this.#faulty.size)
    let bytes = 0
    for (const operation of waiting) {
      if ((this.#faulty.get(operation.seq)?.notBefore ?? 0) > now) continue
      bytes += operation.payload.length
      if (group.length === mostOperations || (group.length > 0 && bytes > this.#bytes)) break
      group.push(operation)
    }
    // What was settled by the log meanwhile, as when a twin of this node delivered it, waits for nothing any more.
    if (group.length === 0) {
      const still = new Set(waiting.map(({ seq }) => seq))
      for (const seq of this.#faulty.keys()) if (!still.has(seq)) this.#faulty.delete(seq)
    }
    return group
  }

  #untilDue(): number {
    let soonest = Infinity
    for (const { notBefore } of this.#faulty.values()) soonest = Math.min(soonest, notBefore)
    return Math.max(0, soonest - this.#machine.monotonic())
  }

  async #deliver(group: readonly KeptOperation[]): Promise<void> {
    const { client, link, outbox, cloudNow, onRequest } = this.#options
    let results: readonly DeliveryResult[]
    try {
      results = await client.deliver(group.map((operation) => toSent(operation, cloudNow() ?? Infinity)), this.#stop.signal)
      link.succeeded()
    } catch (error) {
      // Whether the link is down is for the follower to say, which always has a request under way.
      if (!(error instanceof DeliveryRefused)) throw error
      link.succeeded()
      onRequest?.('refused', group.length)
      await this.#divide(group, error.message)
      return
    }
    const byNumber = new Map(results.map((result) => [`${result.incarnation} ${result.n}`, result]))
    const recorded: number[] = []
    for (const { seq, incarnation, n } of group) {
      const result = byNumber.get(`${incarnation} ${n}`)
      if (result?.recorded === true) recorded.push(seq)
      else this.#postpone(seq, result?.reason ?? 'origin did not answer for it')
    }
    onRequest?.('delivered', recorded.length)
    for (const seq of recorded) this.#faulty.delete(seq)
    if (recorded.length > 0) await outbox.deliver(recorded, this.#options.position())
  }

  /** One write among these is not to origin's liking: halves find it, and let the others pass. */
  async #divide(group: readonly KeptOperation[], reason: string): Promise<void> {
    const [only] = group
    if (only !== undefined && group.length === 1) {
      this.#postpone(only.seq, reason)
      return
    }
    const middle = group.length >> 1
    await this.#deliver(group.slice(0, middle))
    await this.#deliver(group.slice(middle))
  }

  #postpone(seq: number, reason: string): void {
    const backoff = this.#faulty.get(seq)?.backoff ?? new Backoff(faultyFirstMs, faultyMostMs, this.#machine)
    const pauseMs = backoff.failed()
    this.#faulty.set(seq, { backoff, notBefore: this.#machine.monotonic() + pauseMs })
    this.#options.log.error({ seq, reason, pauseMs: Math.round(pauseMs) }, 'a write could not be tried by origin; it waits while the others go on')
  }
}
