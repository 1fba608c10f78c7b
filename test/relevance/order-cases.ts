import { randomNumbers } from './measures.ts'
import type { Order, SplitOrders } from './orders.ts'

/** What is known, and what was bought with it or next: the answers looked for. */
export interface OrderCase {
  readonly known: readonly string[]
  readonly answers: ReadonlySet<string>
}

/** A known customer: what they bought, oldest order first, and their next order. */
export interface CustomerCase {
  readonly customerId: string
  readonly orders: readonly (readonly string[])[]
  readonly answers: ReadonlySet<string>
}

export interface OrderCases {
  /** One product of a basket is hidden, the rest is known. */
  readonly hidden: readonly OrderCase[]
  /** One product of a basket is known, any of the others answers. */
  readonly productPage: readonly OrderCase[]
  /** The first later order of each customer who had ordered before. */
  readonly nextBasket: readonly CustomerCase[]
}

/** More baskets than these, or customers, would take long and tell little more. */
const most = 4_000

/** The questions that the later orders answer; the same orders always give the same. */
export function orderCases({ earlier, later }: SplitOrders): OrderCases {
  const next = randomNumbers(1)
  const baskets = spread(later.filter(({ productIds }) => productIds.length > 1), most)
  const drawn = baskets.map(({ productIds }) => ({ productIds, hidden: pick(productIds, next()), shown: pick(productIds, next()) }))
  return {
    hidden: drawn.map(({ productIds, hidden }) => ({ known: productIds.filter((id) => id !== hidden), answers: new Set([hidden]) })),
    productPage: drawn.map(({ productIds, shown }) => ({ known: [shown], answers: new Set(productIds.filter((id) => id !== shown)) })),
    nextBasket: spread(customers(earlier, later), most),
  }
}

function customers(earlier: readonly Order[], later: readonly Order[]): CustomerCase[] {
  const histories = new Map<string, (readonly string[])[]>()
  for (const { customerId, productIds } of earlier) {
    if (customerId === null) continue
    const own = histories.get(customerId)
    if (own === undefined) histories.set(customerId, [productIds])
    else own.push(productIds)
  }
  const asked = new Map<string, CustomerCase>()
  for (const { customerId, productIds } of later) {
    const orders = customerId === null ? undefined : histories.get(customerId)
    if (customerId !== null && orders !== undefined && !asked.has(customerId)) asked.set(customerId, { customerId, orders, answers: new Set(productIds) })
  }
  return [...asked.values()]
}

function pick(ids: readonly string[], share: number): string {
  return ids[Math.floor(share * ids.length)] ?? ''
}

/** At most so many, evenly over the whole list. */
function spread<Item>(list: readonly Item[], limit: number): readonly Item[] {
  return list.length <= limit ? list : list.filter((_, at) => Math.floor((at * limit) / list.length) !== Math.floor(((at - 1) * limit) / list.length))
}
