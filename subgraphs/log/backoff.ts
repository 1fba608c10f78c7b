import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for `ms` milliseconds, or until `signal` aborts; never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal })
  } catch {
    // Aborted: whoever waits looks at the signal itself.
  }
}

/**
 * How long to wait after the nth failure in a row: "full jitter", so that many who lost the same thing do not come back
 * together (Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015).
 */
export class Backoff {
  readonly #firstMs: number
  readonly #mostMs: number
  #failures = 0

  constructor(firstMs = 100, mostMs = 10_000) {
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
    return Math.max(this.#firstMs / 2, Math.random() * ceiling)
  }
}
