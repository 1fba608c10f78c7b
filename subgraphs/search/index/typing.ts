import { damerauDistance } from './distance.ts'

/** Rows of the Latin keyboard most layouts share, each key half a key right of the one above. */
const keyboard = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm']
const vowels = new Set('aeiouy')

/** How much likelier or less likely an error is than one letter too many, as a factor on the cost of an error. */
const costs = { swapped: 0.8, doubled: 0.7, extra: 1, undoubled: 0.6, left: 0.85, nearKey: 0.85, vowel: 0.9, other: 1.15 } as const

/** Letters on neighbouring keys, as pairs. */
const neighbours = new Set(
  keyboard.flatMap((row, y) =>
    Array.from(row).flatMap((key, x) =>
      [row[x + 1], keyboard[y + 1]?.[x - 1], keyboard[y + 1]?.[x]].flatMap((other) => (other === undefined ? [] : [key + other, other + key])),
    ),
  ),
)

/**
 * What it costs to believe that `typed` was meant to be `meant`, in errors: people swap, double and leave out letters and hit the
 * next key more often than they type something else. Infinity beyond `most` errors.
 */
export function typingCost(typed: string, meant: string, most: number): number {
  if (damerauDistance(typed, meant) > most) return Infinity
  const left = Array.from(typed)
  const right = Array.from(meant)
  let beforeLast: number[] = []
  let last = [0]
  for (let j = 1; j <= right.length; j += 1) last.push((last[j - 1] ?? 0) + leftOut(right, j))
  for (let i = 1; i <= left.length; i += 1) {
    const current = [(last[0] ?? 0) + costs.extra]
    for (let j = 1; j <= right.length; j += 1) {
      const a = left[i - 1] ?? ''
      const b = right[j - 1] ?? ''
      const extra = (last[j] ?? 0) + (a === left[i - 2] ? costs.doubled : costs.extra)
      let best = Math.min(extra, (current[j - 1] ?? 0) + leftOut(right, j), (last[j - 1] ?? 0) + (a === b ? 0 : replaced(a, b)))
      if (i > 1 && j > 1 && a === right[j - 2] && left[i - 2] === b) best = Math.min(best, (beforeLast[j - 2] ?? 0) + costs.swapped)
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[right.length] ?? 0
}

function leftOut(meant: readonly string[], j: number): number {
  return meant[j - 1] === meant[j - 2] ? costs.undoubled : costs.left
}

function replaced(typed: string, meant: string): number {
  if (neighbours.has(typed + meant)) return costs.nearKey
  return vowels.has(typed) && vowels.has(meant) ? costs.vowel : costs.other
}
