import { getHeapStatistics } from 'node:v8'
import { AisleError } from '../../runtime/errors.ts'
import { Gate } from '../../runtime/gate.ts'

/** How much one process takes upon itself; 0 is no limit. */
export interface LoadLimits {
  /** Operations at work at once. */
  readonly maxConcurrent: number
  /** Operations that wait for their turn; 0 is none. */
  readonly maxQueue: number
  /** By how much the event loop may be late, in milliseconds. */
  readonly maxLagMs: number
  /** The share of the heap's limit that may be used, up to 1. */
  readonly maxHeap: number
}

/** Pause between two looks, in milliseconds. */
const lookEveryMs = 100

/** What those who are turned away are told to wait. */
const retryAfterSeconds = 1

/**
 * Turns operations away before the process suffers: when it is late or its memory is nearly full at two looks in a row (one long
 * task or one garbage collection is no overload), and when too many wait already. What runs goes on.
 */
export class Load implements Disposable {
  readonly #gate: Gate | null
  readonly #limits: LoadLimits
  readonly #timer: NodeJS.Timeout
  #lookedAt = performance.now()
  #strained = 0

  constructor(limits: LoadLimits) {
    this.#limits = limits
    this.#gate = limits.maxConcurrent === 0 ? null : new Gate({ atOnce: limits.maxConcurrent, queue: limits.maxQueue, code: 'OVERLOADED' })
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref()
  }

  get overloaded(): boolean {
    return this.#strained > 1
  }

  /** What those are told who are turned away; it holds `retryAfterSeconds`. */
  refusal(): AisleError {
    return new AisleError('OVERLOADED', undefined, { details: { retryAfterSeconds } })
  }

  /** @throws AisleError OVERLOADED */
  refuseWhenOverloaded(): void {
    if (this.overloaded) throw this.refusal()
  }

  /** Lets an operation begin, which must say when it is over. Null when it may begin at once. @throws AisleError OVERLOADED when too many wait */
  enter(): Promise<void> | null {
    return this.#gate === null ? null : this.#gate.enter()
  }

  /** @param ms how long the operation took, in milliseconds */
  leave(ms: number): void {
    this.#gate?.leave(ms)
  }

  #look(): void {
    const { maxLagMs, maxHeap } = this.#limits
    const now = performance.now()
    const late = maxLagMs > 0 && now - this.#lookedAt - lookEveryMs > maxLagMs
    this.#lookedAt = now
    this.#strained = late || (maxHeap > 0 && heapUse() > maxHeap) ? this.#strained + 1 : 0
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

function heapUse(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used / limit
}
