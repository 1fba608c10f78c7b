import type { WriteName } from './overlay/overlay.ts'

/** Writes whose numbers follow each other; both ends are among them. */
export interface NumberRange {
  readonly incarnation: string
  readonly first: number
  readonly last: number
}

/** The same writes as runs of numbers: however many they are, what is missing can be named exactly. */
export function numberRanges(writes: readonly WriteName[]): NumberRange[] {
  const runs: { incarnation: string; first: number; last: number }[] = []
  const sorted = writes.toSorted((a, b) => (a.incarnation === b.incarnation ? a.n - b.n : a.incarnation < b.incarnation ? -1 : 1))
  for (const { incarnation, n } of sorted) {
    const run = runs.at(-1)
    if (run?.incarnation === incarnation && n <= run.last + 1) run.last = n
    else runs.push({ incarnation, first: n, last: n })
  }
  return runs
}
