import type { Change } from '../shared/changes.ts'
import { requireHeld } from '../shared/scope.ts'
import { shelfTags } from '../shared/tags.ts'
import { follow, newestChanges, stream } from '../shared/streams.ts'
import type { ListPriceRow, StockRow, StorePriceRow } from '../storage/database.ts'
import { chainScope, storeScope } from '../storage/entities.ts'
import type { Level } from './level.ts'
import { unknownStore, type Price } from './loaders.ts'
import type { InventoryRequest, InventoryResolver } from './part.ts'

/** Inventory's live fields: they read the log's own rows, so no value between two events is lost or seen twice. */
export const subscriptions = {
  stockChanged: {
    subscribe: (async (_root, { storeId, productIds }, context) => {
      await requireLiveStore(context, storeId)
      const wanted = Array.isArray(productIds) ? new Set<string>(productIds) : null
      return stream((signal) => stockEvents(context, storeId, wanted, signal))
    }) satisfies InventoryResolver<unknown, { storeId: string; productIds?: readonly string[] | null }>,
    resolve: (level: Level) => level,
  },
  priceChanged: {
    subscribe: (async (_root, { storeId }, context) => {
      await requireLiveStore(context, storeId)
      return stream((signal) => priceEvents(context, storeId, signal))
    }) satisfies InventoryResolver<unknown, { storeId: string }>,
    resolve: (price: Price) => price,
  },
}

function stockEvents(context: InventoryRequest, storeId: string, wanted: ReadonlySet<string> | null, signal: AbortSignal): AsyncGenerator<Level> {
  const batches = follow(context.environment.changes, [storeScope(storeId)], signal)
  return (async function* () {
    for await (const batch of batches) {
      for (const change of newestChanges(batch, 'stock')) {
        const productId = String(change.key[1])
        if (wanted !== null && !wanted.has(productId)) continue
        context.renew()
        // On a store's node pending writes lie over the row.
        context.environment.reads?.note(shelfTags('stock', [storeId], [productId]))
        yield { storeId, productId, stock: change.row as StockRow | null }
      }
    }
  })()
}

function priceEvents(context: InventoryRequest, storeId: string, signal: AbortSignal): AsyncGenerator<Price> {
  const batches = follow(context.environment.changes, [chainScope, storeScope(storeId)], signal)
  return (async function* () {
    for await (const batch of batches) {
      for (const change of [...newestChanges(batch, 'list_price'), ...newestChanges(batch, 'store_price')]) {
        context.renew()
        const price = await priceAfter(context, storeId, change)
        if (price !== null) yield price
      }
    }
  })()
}

/** What a change makes of the price that applies in the store; null where it makes no difference, or where none is left. */
async function priceAfter({ inventory }: InventoryRequest, storeId: string, change: Change): Promise<Price | null> {
  if (change.entity === 'list_price') {
    const row = change.row as ListPriceRow | null
    if (row === null) return null
    const current = await inventory.loaders.price.load({ productId: row.product_id, storeId })
    return current !== null && 'store_id' in current.applies ? null : { applies: row, list: row }
  }
  const row = change.row as StorePriceRow | null
  const list = await inventory.loaders.price.load({ productId: String(change.key[1]), storeId: null })
  return row === null ? list : { applies: row, list: list?.list ?? null }
}

async function requireLiveStore({ environment, inventory }: InventoryRequest, storeId: string): Promise<void> {
  requireHeld(environment, storeId)
  if ((await inventory.loaders.store.load(storeId)) === null) throw unknownStore(storeId)
}
