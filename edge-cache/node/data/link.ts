import { thisMachine, type Machine } from '../../../runtime/machine.ts'

/**
 * How long nothing may be heard before the link counts as lost, in milliseconds: longer than a request for changes is held, and
 * far shorter than what it takes to give up a connection whose other end is gone.
 */
export const silenceMs = 9_000

/** What is known of the link to origin: the last exchange tells. */
export class Link {
  readonly #machine: Machine
  #lastHeard: number | null = null
  readonly #onUp: (() => void)[] = []

  constructor(machine: Machine = thisMachine) {
    this.#machine = machine
  }

  /** True while origin answers. */
  get online(): boolean {
    return this.#lastHeard !== null && this.#machine.monotonic() - this.#lastHeard < silenceMs
  }

  /** Called whenever the link comes up. */
  onUp(listener: () => void): void {
    this.#onUp.push(listener)
  }

  succeeded(): void {
    const wasOnline = this.online
    this.#lastHeard = this.#machine.monotonic()
    if (!wasOnline) for (const listener of this.#onUp) listener()
  }

  /** Something of an answer came: it keeps up a link that is up, however long the answer takes. */
  heard(): void {
    if (this.#lastHeard !== null) this.succeeded()
  }

  failed(): void {
    this.#lastHeard = null
  }
}
