import { thisMachine, type Machine } from '../../../../runtime/machine.ts'

/** A pause that can be cut short; a ring while nobody waits counts for the next wait. */
export class Alarm {
  readonly #machine: Machine
  #rung = false
  #wake: (() => void) | null = null

  constructor(machine: Machine = thisMachine) {
    this.#machine = machine
  }

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves after `ms` milliseconds (never, for Infinity) or at the next ring, if none came since the last wait. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      let timer: Disposable | undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        if (Number.isFinite(ms)) timer = this.#machine.after(ms, resolve)
      })
      timer?.[Symbol.dispose]()
      this.#wake = null
    }
    this.#rung = false
  }
}
