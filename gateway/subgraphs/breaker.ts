import { AisleError } from '../../runtime/errors.ts'

export interface BreakerOptions {
  /** Failures in a row that open the circuit; 0 keeps it closed for ever. */
  readonly failures: number
  /** How long nothing is sent once it is open, in milliseconds; then one request probes. */
  readonly pauseMs: number
}

/** Spares a subgraph that keeps failing, and everyone who would wait for it (the circuit breaker of M. Nygard, "Release It!"). */
export class CircuitBreaker {
  readonly #options: BreakerOptions
  readonly #onChange: (open: boolean) => void
  #failures = 0
  #probeAt: number | null = null
  #probing = false

  constructor(options: BreakerOptions, onChange: (open: boolean) => void) {
    this.#options = options
    this.#onChange = onChange
  }

  /**
   * Must be followed by one of the others.
   * @throws AisleError SUBGRAPH_CIRCUIT_OPEN
   */
  enter(): void {
    if (this.#probeAt === null) return
    if (this.#probing || performance.now() < this.#probeAt) throw new AisleError('SUBGRAPH_CIRCUIT_OPEN')
    this.#probing = true
  }

  succeeded(): void {
    this.#failures = 0
    if (this.#probeAt === null) return
    this.#probeAt = null
    this.#probing = false
    this.#onChange(false)
  }

  failed(): void {
    this.#failures++
    this.#probing = false
    if (this.#options.failures === 0 || this.#failures < this.#options.failures) return
    if (this.#probeAt === null) this.#onChange(true)
    this.#probeAt = performance.now() + this.#options.pauseMs
  }

  /** The request ended without telling anything about the subgraph. */
  undecided(): void {
    this.#probing = false
  }
}
