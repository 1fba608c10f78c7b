import type { BaseContext, RequestEnvironment, Resolver } from '../shared/context.ts'
import { watching } from '../shared/reads.ts'
import type { InventoryCommands } from './commands.ts'
import { inventoryLoaders, type InventoryLoaders } from './loaders.ts'
import { inventoryStore } from './queries.ts'
import type { InventoryStore } from './store.ts'
import { inventoryTags } from './tags.ts'

/** What inventory needs from the process it runs in. */
export interface InventoryServices {
  readonly commands: InventoryCommands
  /** Epoch milliseconds: when a command counts as received. Reads never ask it. */
  now(): number
}

/** Inventory's part of a request's context. */
export interface InventoryPart extends InventoryServices {
  readonly store: InventoryStore
  readonly loaders: InventoryLoaders
}

export interface InventoryContext {
  readonly inventory: InventoryPart
}

export type InventoryResolver<Parent, Args = object> = Resolver<Parent, Args, InventoryContext>
export type InventoryRequest = InventoryContext & BaseContext

const watchInventory = watching(inventoryTags)

export function createInventoryPart(environment: RequestEnvironment, services: InventoryServices): InventoryPart {
  const store = watchInventory(inventoryStore(environment.storage), environment.reads)
  return { commands: services.commands, now: () => services.now(), store, loaders: inventoryLoaders(store, environment.batches) }
}
