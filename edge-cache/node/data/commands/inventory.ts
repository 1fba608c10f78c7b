import type { DatabaseSync } from 'node:sqlite'
import { AisleError } from '../../../../runtime/errors.ts'
import type { InventoryCommands, StockErrorCode } from '../../../../subgraphs/inventory/commands.ts'
import { checkCount, checkLevel, checkMovement, productNotFound, storeNotFound, type StockRefusal } from '../../../../subgraphs/inventory/rules.ts'
import { rowTags, shelfTags, type Tag } from '../../../../subgraphs/shared/tags.ts'
import type { StockRow } from '../../../../subgraphs/storage/database.ts'
import type { AnswerMaker } from '../keeper.ts'
import { effectOf, type StockEvent } from '../overlay/effects.ts'
import { shownLevel } from '../overlay/law.ts'
import { cloudOnly, inCloudTime, runCommand, type CommandServices } from './run.ts'

/** The writes of inventory on a store's node: kept in the outbox, shown at once, delivered when the link allows. */
export function nodeInventory(services: CommandServices): InventoryCommands {
  const { storeId: ownStore } = services

  /** What the replica says of the places named; a store of the chain that is not this one can't be written here. */
  function checkPlace(connection: DatabaseSync, { storeId, productId }: { readonly storeId: string; readonly productId: string }): StockRefusal | null {
    if (connection.prepare('select 1 from store where id = ?').get(storeId) === undefined) return storeNotFound(storeId)
    if (storeId !== ownStore) throw new AisleError('OUT_OF_SCOPE', `Stock of store ${storeId} can't be written at store ${ownStore}.`, { details: { storeId } })
    return connection.prepare('select 1 from product where id = ?').get(productId) === undefined ? productNotFound(productId) : null
  }

  return {
    recordMovement(command, received) {
      const context = inCloudTime(services, received)
      const { storeId, productId, quantity } = command
      const event = stockEvent({ kind: 'recordStockMovement', payload: JSON.stringify(command), receivedAt: context.now })
      return runCommand<StockRow, StockErrorCode>(
        services,
        {
          kind: 'recordStockMovement',
          command,
          check: (connection) =>
            checkMovement(command, context.now) ??
            checkPlace(connection, command) ??
            checkLevel(Number(connection.prepare('select on_hand from stock where store_id = ? and product_id = ?').get(storeId, productId)?.on_hand ?? 0) + quantity, 'quantity'),
          ...readsOf(command),
          answer: levelAfter(event),
        },
        context,
      )
    },
    recordCount(command, received) {
      const context = inCloudTime(services, received)
      const event = stockEvent({ kind: 'recordStockCount', payload: JSON.stringify(command), receivedAt: context.now })
      return runCommand<StockRow, StockErrorCode>(
        services,
        {
          kind: 'recordStockCount',
          command,
          check: (connection) => checkCount(command, context.now) ?? checkPlace(connection, command),
          ...readsOf(command),
          answer: levelAfter(event),
        },
        context,
      )
    },
    setPrice: async () => cloudOnly('Setting a price'),
  }
}

function readsOf({ storeId, productId }: { readonly storeId: string; readonly productId: string }): { readonly checks: readonly Tag[]; readonly shows: readonly Tag[] } {
  const shows = shelfTags('stock', [storeId], [productId])
  return { checks: [...rowTags('store', [storeId]), ...rowTags('product', [productId]), ...shows], shows }
}

function stockEvent(operation: Parameters<typeof effectOf>[0]): StockEvent {
  const effect = effectOf(operation)
  if (!('stock' in effect)) throw new Error(`${operation.kind} is no write of stock.`)
  return effect.stock
}

function levelAfter(event: StockEvent): AnswerMaker<StockRow> {
  return (statements, laid) => {
    const shown = statements.shown(event.storeId, event.productId)
    const level = laid && shown !== null ? shown : shownLevel(shown, [event])
    if (level === null) throw new Error('A level with a write over it is never absent.')
    return level
  }
}
