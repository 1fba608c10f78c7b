import type { Subgraph } from '../shared/context.ts'
import { createRecommendationPart, type RecommendationPart, type RecommendationServices } from './part.ts'
import { recommendationResolvers } from './resolvers.ts'

export type { RecommendationPart, RecommendationServices } from './part.ts'

/** What goes with what, and what sells. */
export const recommendation: Subgraph<RecommendationServices, RecommendationPart> = {
  name: 'recommendation',
  resolvers: recommendationResolvers,
  createPart: createRecommendationPart,
}
