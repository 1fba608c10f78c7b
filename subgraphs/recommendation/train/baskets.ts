/** Purchases as training reads them: products are numbers, their place in `products`. */
export interface Baskets {
  /** Ids of all products of the catalogue, sorted. */
  readonly products: readonly string[]
  readonly list: readonly Basket[]
}

/** One purchase. */
export interface Basket {
  /** Products in it, each once, ascending. */
  readonly items: readonly number[]
  readonly storeId: string | null
  /** Epoch milliseconds. */
  readonly at: number
}

/** A long basket says less about each pair in it. */
export function basketWeight({ items }: Basket): number {
  return 1 / Math.sqrt(items.length)
}

const weekMs = 7 * 86_400_000
/** A basket counts half as much for each of these weeks that passed since: what goes together changes with the seasons. */
const halfLifeWeeks = 26

/**
 * How much each basket counts, by its length and its age. Ages are counted from the end of the week of the newest one, so that a day's
 * passing alone changes no weight.
 */
export function agedWeight({ list }: Baskets): (basket: Basket) => number {
  const end = list.reduce((latest, { at }) => Math.max(latest, Math.ceil(at / weekMs)), -Infinity)
  return (basket) => basketWeight(basket) * 0.5 ** ((end - basket.at / weekMs) / halfLifeWeeks)
}

/** For each product, the baskets it is in, as places in the list. */
export function postingsOf({ products, list }: Baskets): number[][] {
  const postings: number[][] = products.map(() => [])
  for (const [at, { items }] of list.entries()) for (const item of items) postings[item]?.push(at)
  return postings
}

/** The products that were sold: up to `limit` of those in most baskets, and the rest; each list ascending. */
export function splitByTrade({ products, list }: Baskets, limit: number): { readonly most: number[]; readonly rest: number[] } {
  const counts = products.map(() => 0)
  for (const { items } of list) for (const item of items) counts[item]! += 1
  const sold = counts.flatMap((count, item) => (count > 0 ? [{ item, count }] : [])).toSorted((a, b) => b.count - a.count || a.item - b.item)
  const items = (some: typeof sold): number[] => some.map(({ item }) => item).toSorted((a, b) => a - b)
  return { most: items(sold.slice(0, limit)), rest: items(sold.slice(limit)) }
}
