import { hourTraffic } from '../orders.ts'
import { random, type Random } from '../random.ts'
import type { SimulatedStore } from './learn.ts'

/** One thing that happens in a store. */
export type Happening =
  | { readonly kind: 'movement'; readonly store: SimulatedStore; readonly productId: string; readonly movement: 'SALE' | 'RECEIPT'; readonly quantity: number }
  | { readonly kind: 'price'; readonly store: SimulatedStore; readonly productId: string; readonly factor: number }
  | { readonly kind: 'readings'; readonly deviceId: string; readonly readings: readonly { readonly metric: string; readonly value: number }[] }

/** Ids of the products that go into a basket with one. */
export type Companions = (productId: string) => Promise<readonly string[]>

/** Shares of what happens when no basket is at the till. */
const shares = { basket: 0.5, device: 0.48, price: 0.02 }

/** The least that a store does at night, as a share of its busiest hour: something always happens. */
const leastTraffic = 0.2

const busiest = Math.max(...hourTraffic)
const clocks = new Map<string, Intl.DateTimeFormat>()

/** How busy a zone's stores are at an instant, `leastTraffic` to 1. */
export function traffic(timezone: string, at: number): number {
  let clock = clocks.get(timezone)
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', hourCycle: 'h23' })
    clocks.set(timezone, clock)
  }
  return Math.max(leastTraffic, (hourTraffic[Number(clock.format(at))] ?? 0) / busiest)
}

/**
 * Decides what happens next: baskets go over the till piece by piece, shelves are filled when they run low, freezers and screens
 * report, a price moves now and then. The same seed in the same world decides the same.
 */
export class Planner {
  readonly #stores: readonly SimulatedStore[]
  readonly #companions: Companions
  readonly #dice: Random
  readonly #reporting: readonly { readonly id: string; readonly kind: string }[]
  readonly #queue: Happening[] = []
  /** Degrees above usual, by freezer, while one of them fails. */
  readonly #warmth = new Map<string, number>()
  #nextDevice = 0

  /** @param stores those that carry something, at least one */
  constructor(stores: readonly SimulatedStore[], companions: Companions, seed: string) {
    this.#stores = stores
    this.#companions = companions
    this.#dice = random(`${seed}/simulation`)
    this.#reporting = stores.flatMap((store) => store.devices).filter(({ kind }) => kind === 'FREEZER' || kind === 'DISPLAY' || kind === 'SHELF_LABEL')
  }

  /** @param now epoch milliseconds, for the stores' clocks */
  async next(now: number): Promise<Happening> {
    const queued = this.#queue.shift()
    if (queued !== undefined) return queued
    const choice = this.#dice.weighted([shares.basket, this.#reporting.length > 0 ? shares.device : 0, shares.price])
    if (choice === 1) return this.#report()
    const store = this.#stores[this.#dice.weighted(this.#stores.map(({ timezone }) => traffic(timezone, now)))] ?? this.#dice.pick(this.#stores)
    if (choice === 2) return { kind: 'price', store, productId: this.#dice.pick(store.productIds), factor: this.#dice.pick([0.8, 0.9, 0.95, 1, 1, 1.05]) }
    await this.#fillBasket(store)
    return this.#queue.shift() ?? this.#report()
  }

  /** Tells how a movement left the shelf; one that runs low is filled soon, mostly. */
  moved(store: SimulatedStore, productId: string, onHand: number): void {
    const level = store.levels.get(productId)
    if (level === undefined) return
    level.onHand = onHand
    if (onHand <= level.reorderPoint && this.#dice.chance(0.4)) this.#queue.push(this.#receipt(store, productId, level.reorderPoint, onHand))
  }

  async #fillBasket(store: SimulatedStore): Promise<void> {
    const basket: string[] = [this.#dice.pick(store.productIds)]
    const size = 1 + Math.floor(this.#dice.next() ** 2 * 9)
    for (let attempt = 0; basket.length < size && attempt < size * 3; attempt += 1) {
      const companions = this.#dice.chance(0.7) ? (await this.#companions(this.#dice.pick(basket))).filter((id) => store.levels.has(id)) : []
      const productId = companions.length > 0 ? this.#dice.pick(companions) : this.#dice.pick(store.productIds)
      if (!basket.includes(productId)) basket.push(productId)
    }
    for (const productId of basket) {
      const { onHand, reorderPoint } = store.levels.get(productId) ?? { onHand: 0, reorderPoint: 0 }
      const quantity = this.#dice.chance(0.2) ? 2 : 1
      if (onHand < quantity) this.#queue.push(this.#receipt(store, productId, reorderPoint, onHand))
      else this.#queue.push({ kind: 'movement', store, productId, movement: 'SALE', quantity: -quantity })
    }
  }

  #receipt(store: SimulatedStore, productId: string, reorderPoint: number, onHand: number): Happening {
    return { kind: 'movement', store, productId, movement: 'RECEIPT', quantity: Math.max(6, Math.round(reorderPoint * 2.5)) - Math.min(0, onHand) }
  }

  /** Devices report in turn: freezers their temperature, screens only that they are there. */
  #report(): Happening {
    const device = this.#reporting[this.#nextDevice % this.#reporting.length]
    this.#nextDevice += 1
    if (device === undefined) throw new RangeError('no device reports')
    return { kind: 'readings', deviceId: device.id, readings: device.kind === 'FREEZER' ? [{ metric: 'temperature', value: this.#temperature(device.id) }] : [] }
  }

  #temperature(deviceId: string): number {
    const before = this.#warmth.get(deviceId) ?? 0
    const failing = before > 0 ? before < 14 && this.#dice.chance(0.85) : this.#dice.chance(0.004)
    const warmth = failing ? before + 1.5 + this.#dice.next() : before * 0.6
    this.#warmth.set(deviceId, warmth < 0.3 ? 0 : warmth)
    return Math.round((-18.5 + warmth + this.#dice.normal() * 0.5) * 100) / 100
  }
}
