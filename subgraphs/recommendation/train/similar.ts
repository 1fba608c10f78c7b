import { unitVector, type TermVector } from './content.ts'
import { best, type Neighbour } from './neighbour.ts'
import { cosinesOf, invertVectors } from './similarity.ts'

/** A product that may take another's place, and whether shoppers or only the texts say so. */
export interface SimilarProduct extends Neighbour {
  readonly reason: 'SIMILAR' | 'SIMILAR_CONTENT'
}

/** How much of the score comes from what shoppers do, where they have done enough. */
const behaviourShare = 0.6

/**
 * Products that take each other's place: bought together with the same things (the cosine of what EASE says goes with each; the two
 * need never share a basket), mixed with the likeness of their texts. A product that is hardly sold has its text alone.
 * @param boughtWith neighbours by product, as for `boughtTogether`
 */
export function similarProducts(count: number, boughtWith: ReadonlyMap<number, readonly Neighbour[]>, contents: readonly TermVector[]): SimilarProduct[][] {
  const profiles = Array.from({ length: count }, (_, item) => profileOf(boughtWith.get(item) ?? []))
  const profilePostings = invertVectors(profiles)
  const contentPostings = invertVectors(contents)
  return profiles.map((profile, item) => {
    const content = cosinesOf(contents, contentPostings, item)
    if (profile.size === 0) return best(entries(content)).map((other) => ({ ...other, reason: 'SIMILAR_CONTENT' }))
    const behaviour = cosinesOf(profiles, profilePostings, item)
    const scores = new Map([...behaviour].map(([other, cosine]) => [other, behaviourShare * cosine]))
    for (const [other, cosine] of content) scores.set(other, (scores.get(other) ?? 0) + (1 - behaviourShare) * cosine)
    return best(entries(scores)).map((other) => ({ ...other, reason: behaviour.has(other.item) ? 'SIMILAR' : 'SIMILAR_CONTENT' }))
  })
}

function profileOf(neighbours: readonly Neighbour[]): Map<number, number> {
  return unitVector(new Map(neighbours.filter(({ score }) => score > 0).map(({ item, score }) => [item, score])))
}

function* entries(scores: ReadonlyMap<number, number>): Generator<Neighbour> {
  for (const [item, score] of scores) yield { item, score }
}
