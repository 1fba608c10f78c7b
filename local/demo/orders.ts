import { random, type Random } from './random.ts'
import { fillBasket, passerBy, shoppersOf, type BasketItem, type Shopper } from './shoppers.ts'
import type { DemoStore } from './stores.ts'
import { dayMs, type World } from './world.ts'

/** One basket at the till. */
export interface DemoOrder {
  readonly id: string
  readonly store: DemoStore
  /** Empty for somebody unknown. */
  readonly customerId: string
  /** Epoch milliseconds. */
  readonly orderedAt: number
  readonly items: readonly BasketItem[]
}

/** How many days of orders the demo has. */
export const historyDays = 90

/** Orders of a middling store on a middling day. */
const ordersADay = 12

const weekdayTraffic = [0.45, 0.95, 0.9, 0.95, 1.05, 1.3, 1.5]

/** How busy each hour of a store's day is, by its own clock. */
export const hourTraffic: readonly number[] = [
  0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 5, 6, 7, 6, 5, 5, 7, 10, 11, 8, 0, 0, 0, 0,
]

/**
 * The chain's orders day by day, oldest first. A day's orders depend on the day alone, not on when the history ends: a demo made
 * a day later has one more day and the same orders before it.
 */
export function* ordersByDay(world: World, days = historyDays): Generator<DemoOrder[]> {
  const shoppers = new Map(world.stores.map((store) => [store.id, shoppersOf(world, store)]))
  const breadth = Math.min(4, Math.sqrt(world.products.length / 600))
  for (let back = days; back >= 1; back -= 1) {
    const midnight = world.midnight - back * dayMs
    const orders: DemoOrder[] = []
    for (const store of world.stores) {
      const dice = random(`${world.seed}/orders/${store.id}/${midnight}`)
      if (new Date(midnight).getUTCDay() === 0 && !store.openingHours.includes('Sun')) continue
      const busy = ordersADay * Math.max(1, breadth) * store.size * (weekdayTraffic[new Date(midnight).getUTCDay()] ?? 1)
      const count = Math.max(1, Math.round(busy + dice.normal() * Math.sqrt(busy)))
      orders.push(...ordersOfStore(world, store, shoppers.get(store.id) ?? [], midnight, count, dice))
    }
    yield orders
  }
}

function ordersOfStore(world: World, store: DemoStore, shoppers: readonly Shopper[], midnight: number, count: number, dice: Random): DemoOrder[] {
  const day = new Date(midnight)
  const offset = utcOffset(store.timezone, midnight)
  const date = day.toISOString().slice(0, 10).replaceAll('-', '')
  const orders: Omit<DemoOrder, 'id'>[] = []
  for (let at = 0; at < count; at += 1) {
    const known = shoppers.length > 0 && dice.chance(0.85)
    // Squaring makes some come every other day and others once in a season.
    const shopper = known ? (shoppers[Math.floor(dice.next() ** 2 * shoppers.length)] ?? passerBy) : passerBy
    const minute = dice.weighted(hourTraffic) * 60 + dice.int(60)
    const items = fillBasket(world, store, shopper, day, dice)
    if (items.length > 0) orders.push({ store, customerId: shopper.id, orderedAt: midnight - offset + minute * 60_000 + dice.int(60) * 1000, items })
  }
  return orders
    .toSorted((a, b) => a.orderedAt - b.orderedAt)
    .map((order, at) => ({ id: `${store.id}-${date}-${String(at + 1).padStart(3, '0')}`, ...order }))
}

/** How far a zone's clock is ahead of UTC at noon of a day, in milliseconds. */
export function utcOffset(timezone: string, midnight: number): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' }).formatToParts(midnight + dayMs / 2)
  const match = /GMT([+-])(\d\d):(\d\d)/.exec(parts.find((part) => part.type === 'timeZoneName')?.value ?? '')
  if (match === null) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000
}
