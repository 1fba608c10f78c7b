import { unit } from './random.ts'
import { ordersByDay } from './orders.ts'
import type { DemoProduct } from './catalogue/products.ts'
import type { DemoStore } from './stores.ts'
import type { World } from './world.ts'

/** What a store has of a product as the history ends. */
export interface DemoLevel {
  readonly store: DemoStore
  readonly product: DemoProduct
  readonly onHand: number
  readonly reorderPoint: number
  readonly orderUpTo: number
}

/** Days of sales that are also kept as stock movements. */
export const movementDays = 7

const salts = { demand: 4_000_037, fill: 5_000_011 }

/** The level of every product that a store carries. Bigger stores and better sellers keep more; a few shelves are empty. */
export function* levelsOf(world: World, store: DemoStore): Generator<DemoLevel> {
  for (const product of world.products) if (world.carries(store, product)) yield levelOf(world, store, product)
}

export function levelOf(world: World, store: DemoStore, product: DemoProduct): DemoLevel {
  const demand = (2 + 10 * product.popularity) * store.size * (0.6 + 0.8 * unit(world.seedNumber, store.index + salts.demand, product.index))
  const reorderPoint = Math.max(2, Math.round(demand))
  const orderUpTo = Math.max(reorderPoint + 4, Math.round(demand * 3))
  const fill = unit(world.seedNumber, store.index + salts.fill, product.index)
  const onHand = fill < 0.02 ? 0 : Math.round(reorderPoint * 0.5 + fill * (orderUpTo - reorderPoint * 0.5))
  return { store, product, onHand, reorderPoint, orderUpTo }
}

/** One sale of the last days as stock saw it. */
export interface DemoMovement {
  readonly store: DemoStore
  readonly product: DemoProduct
  readonly quantity: number
  readonly onHandAfter: number
  readonly occurredAt: number
}

/** The last days' sales, oldest first; the last of each product leaves the level that `levelOf` gives. */
export function lastMovements(world: World): DemoMovement[] {
  const left = new Map<string, number>()
  const movements: DemoMovement[] = []
  for (const order of [...ordersByDay(world, movementDays)].flat().toReversed()) {
    for (const { product, quantity } of order.items) {
      const key = `${order.store.id} ${product.id}`
      const onHandAfter = left.get(key) ?? levelOf(world, order.store, product).onHand
      left.set(key, onHandAfter + quantity)
      movements.push({ store: order.store, product, quantity: -quantity, onHandAfter, occurredAt: order.orderedAt })
    }
  }
  return movements.toReversed()
}
