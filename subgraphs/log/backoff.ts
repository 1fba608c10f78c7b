import { AisleError } from '../../runtime/errors.ts'
import { thisMachine, type Machine } from '../../runtime/machine.ts'

/** Waits for `ms` milliseconds, or until `signal` aborts; never rejects. */
export async function pause(ms: number, signal?: AbortSignal, machine: Machine = thisMachine): Promise<void> {
  if (signal?.aborted === true) return
  const over = Promise.withResolvers<void>()
  const end = (): void => over.resolve()
  using _timer = machine.after(ms, end)
  signal?.addEventListener('abort', end)
  await over.promise
  signal?.removeEventListener('abort', end)
}

/**
 * How long to wait after the nth failure in a row: "full jitter", so that many who lost the same thing do not come back
 * together (Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015).
 */
export class Backoff {
  readonly #firstMs: number
  readonly #mostMs: number
  readonly #machine: Machine
  #failures = 0

  constructor(firstMs = 100, mostMs = 10_000, machine: Machine = thisMachine) {
    this.#machine = machine
    this.#firstMs = firstMs
    this.#mostMs = mostMs
  }

  get failures(): number {
    return this.#failures
  }

  succeeded(): void {
    this.#failures = 0
  }

  /** Counts a failure; returns milliseconds, at least half of the first step so that no jitter makes a busy loop. */
  failed(): number {
    const ceiling = Math.min(this.#mostMs, this.#firstMs * 2 ** Math.min(this.#failures, 30))
    this.#failures += 1
    return Math.max(this.#firstMs / 2, this.#machine.random() * ceiling)
  }
}

/** Longer than this, in seconds, nobody is believed. */
const longestAskedSeconds = 300

/** Milliseconds after which whoever refused wants to be asked again, and up to half more so that not all come back together; 0 where it says none. */
export function askedToWait(error: unknown, machine: Machine = thisMachine): number {
  const seconds = AisleError.is(error) ? error.details.retryAfterSeconds : null
  return typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, longestAskedSeconds) * 1000 * (1 + machine.random() / 2) : 0
}
