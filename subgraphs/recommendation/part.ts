import type { BaseContext, RequestEnvironment, Resolver } from '../shared/context.ts'
import { watching } from '../shared/reads.ts'
import { recommendationLoaders, type RecommendationLoaders } from './loaders.ts'
import { recommendationStore } from './queries.ts'
import type { RecommendationStore } from './store.ts'
import { recommendationTags } from './tags.ts'

/** Recommendation needs nothing of its process: all it serves was trained before. */
export type RecommendationServices = Readonly<Record<string, never>>

/** Recommendation's part of a request's context. */
export interface RecommendationPart {
  readonly store: RecommendationStore
  readonly loaders: RecommendationLoaders
}

export interface RecommendationContext {
  readonly recommendation: RecommendationPart
}

export type RecommendationResolver<Parent, Args = object> = Resolver<Parent, Args, RecommendationContext>
export type RecommendationRequest = RecommendationContext & BaseContext

const watchRecommendation = watching(recommendationTags)

export function createRecommendationPart(environment: RequestEnvironment): RecommendationPart {
  const store = watchRecommendation(recommendationStore(environment.storage), environment.reads)
  return { store, loaders: recommendationLoaders(store, environment.batches) }
}
