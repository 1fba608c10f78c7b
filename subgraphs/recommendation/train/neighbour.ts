/** A product near another one; products are numbers, as in `Baskets`. */
export interface Neighbour {
  readonly item: number
  readonly score: number
}

/** How long a list is that is shown as it is. */
const mostShown = 50
/** How many products are kept that a product speaks for: with these, and those below, baskets lose nothing against the whole matrix. */
const mostFor = 80
/**
 * How many products are kept that a product speaks against: they lower what a basket's other products say. Without them one hidden
 * item in thirty fewer is found.
 */
const mostAgainst = 60

/** Scores are kept to four digits behind the point: finer differences are noise, and rows that say the same stay the same. */
export function roundScore(score: number): number {
  return Math.round(score * 1e4) / 1e4
}

/** The best, then (below zero) those spoken against most, in falling order. */
export function bestAndWorst(candidates: readonly Neighbour[]): Neighbour[] {
  const against = best(candidates.map(({ item, score }) => ({ item, score: -score })), mostAgainst)
  return [...best(candidates, mostFor), ...against.map(({ item, score }) => ({ item, score: -score })).toSorted(byScore)]
}

/** The best, by rounded score, then by product; only what is above zero. */
export function best(candidates: Iterable<Neighbour>, limit = mostShown): Neighbour[] {
  let kept: Neighbour[] = []
  let least = 0
  for (const { item, score } of candidates) {
    const rounded = roundScore(score)
    if (rounded <= 0 || rounded < least) continue
    kept.push({ item, score: rounded })
    if (kept.length < 4 * limit) continue
    // Of many candidates, most fall short of those kept already: they are not even sorted.
    kept = kept.toSorted(byScore).slice(0, limit)
    least = kept.at(-1)?.score ?? 0
  }
  return kept.toSorted(byScore).slice(0, limit)
}

function byScore(a: Neighbour, b: Neighbour): number {
  return b.score - a.score || a.item - b.item
}
