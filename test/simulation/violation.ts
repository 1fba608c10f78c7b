/** Something happened that must never happen; the number is that of the invariant in `edge-cache/SPEC.md`. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly invariant: number

  constructor(invariant: number, message: string) {
    super(`Invariant ${invariant}: ${message}`)
    this.invariant = invariant
  }
}

/** @throws Violation unless it holds. */
export function hold(invariant: number, holds: boolean, message: () => string): asserts holds {
  if (!holds) throw new Violation(invariant, message())
}
