import { trainRecommendations, type TrainReport } from '../../subgraphs/recommendation/train/train.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { recommendThrough } from './api.ts'
import { qualityOf, type Quality } from './measures.ts'
import { decayedFrequency, orderBaselines, type OrderBaselines } from './order-baselines.ts'
import { orderCases, type OrderCases } from './order-cases.ts'
import { holdOutOrders, type SplitOrders } from './orders.ts'

/** How each ranker answered each case, in the order of the cases. */
export type CaseQualities<Ranker extends string> = Readonly<Record<Ranker, readonly Quality[]>>

export interface RecommendationReport {
  readonly split: SplitOrders
  readonly training: TrainReport
  readonly hidden: CaseQualities<'aisle' | 'popularity' | 'cosine' | 'ease'>
  readonly productPage: CaseQualities<'aisle' | 'popularity' | 'cosine' | 'ease'>
  readonly nextBasket: CaseQualities<'aisle' | 'popularity' | 'ownFrequency' | 'ease'>
}

/** What was learned before the moment of the split; the database holds no later order any more. */
export interface LearnedOrders {
  readonly split: SplitOrders
  readonly training: TrainReport
}

/** Holds the last orders out and trains on the rest as the product does; null where the folder has no two times to tell apart. */
export async function learnEarlierOrders(storage: PostgresStorage, holdoutFrom: number | null, say: (text: string) => void): Promise<LearnedOrders | null> {
  const split = await holdOutOrders(storage, holdoutFrom)
  if (split === null) return null
  const training = await trainRecommendations(storage, { onProgress: inTenths('training', say) })
  return { split, training }
}

/** Asks the API for what the later orders would tell, and the baselines the same. */
export async function measureRecommendations(url: string, { split, training }: LearnedOrders, say: (text: string) => void): Promise<RecommendationReport> {
  const cases = orderCases(split)
  const sayShare = inTenths('training the baselines', say)
  const baselines = await orderBaselines(split.earlier, (share) => sayShare('', share))
  say(`asking for ${cases.hidden.length} baskets, ${cases.productPage.length} product pages and ${cases.nextBasket.length} customers`)
  const aisle = await throughApi(url, cases)
  say('asking the baselines')
  const alike = (ids: readonly string[]): Map<string, number> => new Map(ids.map((id) => [id, 1]))
  const basketsBy = (ranker: keyof OrderBaselines, from: OrderCases['hidden']): Quality[] =>
    from.map(({ known, answers }) => quality(baselines[ranker](alike(known)), answers))
  const withBaselines = (own: readonly Quality[], from: OrderCases['hidden']) => ({
    aisle: own, popularity: basketsBy('popularity', from), cosine: basketsBy('cosine', from), ease: basketsBy('ease', from),
  })
  return {
    split, training,
    hidden: withBaselines(aisle.hidden, cases.hidden),
    productPage: withBaselines(aisle.productPage, cases.productPage),
    nextBasket: {
      aisle: aisle.nextBasket,
      popularity: cases.nextBasket.map(({ answers }) => quality(baselines.popularity(new Map(), { withKnown: true }), answers)),
      ownFrequency: cases.nextBasket.map(({ orders, answers }) => quality(mostFrequent(orders), answers)),
      ease: cases.nextBasket.map(({ orders, answers }) => quality(baselines.ease(decayedFrequency(orders), { withKnown: true }), answers)),
    },
  }
}

async function throughApi(url: string, { hidden, productPage, nextBasket }: OrderCases): Promise<Record<'hidden' | 'productPage' | 'nextBasket', Quality[]>> {
  return {
    hidden: await oneByOne(hidden, async ({ known, answers }) => quality(await recommendThrough(url, 'basket', { productIds: known }), answers)),
    productPage: await oneByOne(productPage, async ({ known, answers }) => quality(await recommendThrough(url, 'productPage', { id: known[0] }), answers)),
    nextBasket: await oneByOne(nextBasket, async ({ customerId, answers }) => quality(await recommendThrough(url, 'customer', { customerId }), answers)),
  }
}

async function oneByOne<Case>(cases: readonly Case[], ask: (one: Case) => Promise<Quality>): Promise<Quality[]> {
  const qualities: Quality[] = []
  for (const one of cases) qualities.push(await ask(one))
  return qualities
}

function quality(ids: readonly string[], answers: ReadonlySet<string>): Quality {
  return qualityOf(ids.slice(0, 10), new Map(answers.values().map((id) => [id, 1])))
}

function mostFrequent(orders: readonly (readonly string[])[]): string[] {
  const weights = [...decayedFrequency(orders)].toSorted(([a, weightA], [b, weightB]) => weightB - weightA || (a < b ? -1 : 1))
  return weights.slice(0, 10).map(([id]) => id)
}

/** Says a step, and its share whenever it has grown by a tenth. */
function inTenths(title: string, say: (text: string) => void): (step: string, share: number) => void {
  let said = ''
  return (step, share) => {
    const text = `${title}${step === '' ? '' : `: ${step}`}${share > 0 ? ` ${Math.floor(share * 10) * 10} %` : ''}`
    if (text !== said) say(text)
    said = text
  }
}
