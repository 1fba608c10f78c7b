import type { Subgraph } from '../shared/context.ts'
import { createInventoryPart, type InventoryPart, type InventoryServices } from './part.ts'
import { inventoryResolvers } from './resolvers.ts'

export type { InventoryPart, InventoryServices } from './part.ts'

/** Stores, stock and prices. */
export const inventory: Subgraph<InventoryServices, InventoryPart> = {
  name: 'inventory',
  resolvers: inventoryResolvers,
  createPart: createInventoryPart,
}
