import { unitVector, type TermVector } from './content.ts'
import { best, type Neighbour } from './neighbour.ts'
import { invertVectors, Sums } from './similarity.ts'

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
  const sums = new Sums(count)
  const behaviour = new Sums(count)
  return profiles.map((profile, item) => {
    const behaving = profile.size > 0
    behaviour.addCosines(profile, profilePostings, 1)
    sums.addSums(behaviour, behaviourShare)
    sums.addCosines(contents[item] ?? new Map<string, number>(), contentPostings, behaving ? 1 - behaviourShare : 1)
    const similar = best(sums.take(item)).map((other): SimilarProduct => ({ ...other, reason: behaviour.has(other.item) ? 'SIMILAR' : 'SIMILAR_CONTENT' }))
    behaviour.clear()
    return similar
  })
}

/** Those that speak loudest say enough of what a product is bought for. */
const mostInProfile = 50

function profileOf(neighbours: readonly Neighbour[]): Map<number, number> {
  return unitVector(new Map(neighbours.filter(({ score }) => score > 0).slice(0, mostInProfile).map(({ item, score }) => [item, score])))
}
