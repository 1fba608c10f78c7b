import { setImmediate } from 'node:timers/promises'
import type { Logger } from '../../../runtime/log.ts'
import type { PostgresStorage } from '../../storage/postgres/storage.ts'
import { agedWeight, splitByTrade, type Baskets } from './baskets.ts'
import { contentVectors } from './content.ts'
import { cosineNeighbours } from './cosine.ts'
import { easeNeighbours } from './ease.ts'
import { currentState, methodOf, rememberTrained, trainedOn } from './fingerprint.ts'
import type { Neighbour } from './neighbour.ts'
import { readTrainingData } from './read.ts'
import { similarProducts, type SimilarProduct } from './similar.ts'
import { trendingProducts } from './trending.ts'
import { writeDerived, type DerivedRows } from './write.ts'

export interface TrainOptions {
  readonly log?: Logger
  /** What is being done, and the share of it that is done (0 to 1). */
  readonly onProgress?: (step: string, share: number) => void
  /** Ridge of EASE; chosen, with the weights of baskets by age, on three held-out months of real sales. */
  readonly lambda?: number
  /**
   * How many products EASE takes, those in most baskets: its time grows with their cube (3,800 take 3·10¹⁰ multiplications) and its memory
   * with their square (100 MB for 5,000). The rest get the cosine of the baskets they are in, and those never sold their text.
   */
  readonly maxProducts?: number
}

export interface TrainReport {
  readonly products: number
  readonly sales: number
  readonly saleLines: number
  /** Products that went through EASE. */
  readonly easeProducts: number
  /** Rows that changed, came or went. */
  readonly changedRows: number
  readonly seconds: number
}

export const trainDefaults = { lambda: 5, maxProducts: 5_000 } as const

/** Derives neighbours and trends from all sales and writes the rows that changed, in one transaction. The same data gives the same rows. */
export async function trainRecommendations(storage: PostgresStorage, options: TrainOptions = {}): Promise<TrainReport> {
  const { log, onProgress = () => {}, lambda = trainDefaults.lambda, maxProducts = trainDefaults.maxProducts } = options
  const started = performance.now()
  onProgress('reading sales', 0)
  // The state is taken first: sales that come while training runs then count as not trained on.
  const state = await currentState(storage.db, methodOf({ lambda, maxProducts }))
  const { baskets, texts, lines } = await readTrainingData(storage)
  const { most: ease, rest } = splitByTrade(baskets, maxProducts)
  onProgress('learning what goes together', 0)
  const learned = await easeNeighbours(baskets, ease, { lambda, weightOf: agedWeight(baskets), onProgress: (share) => onProgress('learning what goes together', share) })
  const boughtWith = new Map([...learned, ...cosineNeighbours(baskets, rest)])
  onProgress('comparing products', 0)
  await setImmediate()
  const similar = similarProducts(baskets.products.length, boughtWith, contentVectors(texts))
  onProgress('writing', 0)
  await setImmediate()
  const rows = derivedRows(baskets, boughtWith, similar)
  const changedRows = await storage.db.transaction().execute(async (transaction) => {
    const changed = await writeDerived(transaction, rows)
    await rememberTrained(transaction, state)
    return changed
  })
  const report: TrainReport = {
    products: baskets.products.length, sales: baskets.list.length, saleLines: lines, easeProducts: ease.length, changedRows,
    seconds: (performance.now() - started) / 1000,
  }
  onProgress('done', 1)
  log?.info(report, 'recommendations trained')
  return report
}

/** Whether training again, with the same options, would change nothing. `growth` forgives that share of sale lines added since. */
export async function trainingIsCurrent(storage: PostgresStorage, options: Pick<TrainOptions, 'lambda' | 'maxProducts'> & { readonly growth?: number } = {}): Promise<boolean> {
  const known = await trainedOn(storage)
  if (known === null) return false
  const { lambda = trainDefaults.lambda, maxProducts = trainDefaults.maxProducts, growth = 0 } = options
  const state = await currentState(storage.db, methodOf({ lambda, maxProducts }))
  if (state.method !== known.method || state.catalogue !== known.catalogue) return false
  return state.sales === known.sales || (state.saleLines >= known.saleLines && state.saleLines - known.saleLines <= known.saleLines * growth && growth > 0)
}

function derivedRows(baskets: Baskets, boughtWith: ReadonlyMap<number, readonly Neighbour[]>, similar: readonly (readonly SimilarProduct[])[]): DerivedRows {
  const { products } = baskets
  const id = (item: number): string => products[item] ?? ''
  return {
    neighbours: products.flatMap((productId, item) => {
      const similarTo = (similar[item] ?? []).map((other) => [id(other.item), other.score, other.reason])
      const together = (boughtWith.get(item) ?? []).map((other) => [id(other.item), other.score])
      return similarTo.length + together.length === 0 ? [] : [{ productId, similarTo: JSON.stringify(similarTo), boughtWith: JSON.stringify(together) }]
    }),
    trending: [...trendingProducts(baskets)].map(([storeId, items]) => ({ storeId, items: JSON.stringify(items.map((other) => [id(other.item), other.score])) })),
  }
}
