import { AisleError } from '../../runtime/errors.ts'
import { connectionOf, decodeCursor, pageSize, type Connection } from '../shared/connection.ts'
import type { SubgraphResolvers } from '../shared/context.ts'
import { toMoney } from '../shared/money.ts'
import { CurrencyCode, DateTime, Decimal } from '../shared/scalars.ts'
import { requireChainRight, requireStoreRight } from '../shared/rights.ts'
import { holdsWholeChain, requireHeld } from '../shared/scope.ts'
import type { ListPriceRow, MovementRow, StorePriceRow, StoreRow } from '../storage/database.ts'
import { requirePosition, type Position } from './distance.ts'
import { levelOf, statusOf, type AvailabilityStatus, type Level } from './level.ts'
import { unknownStore, type Price } from './loaders.ts'
import { mutations } from './mutations.ts'
import type { InventoryRequest, InventoryResolver } from './part.ts'
import { refusedWrite, refusedWrites } from './refused.ts'
import { reportRows } from './report.ts'
import type { StockFilter, StockGrouping } from './store.ts'
import { storePage, type StoreConnection } from './stores.ts'
import { subscriptions } from './subscriptions.ts'

interface Reference {
  readonly id: string
}

interface PageArgs {
  readonly first?: number | null
  readonly after?: string | null
}

interface StockFilterInput {
  readonly productIds?: readonly string[] | null
  readonly statuses?: readonly AvailabilityStatus[] | null
}

/** A page of one store's stock; the total is counted only when it is asked for. */
interface StockConnection extends Connection<Level> {
  readonly storeId: string
  readonly filter: StockFilter
}

const query = {
  store: ((_root, { id }, { inventory }) => inventory.loaders.store.load(id)) satisfies InventoryResolver<unknown, { id: string }>,
  stores: ((_root, { near, first, after }, { inventory }) =>
    storePage(inventory.store, near ?? null, pageSize(first ?? 20, 200), after)) satisfies InventoryResolver<unknown, PageArgs & { near?: Position | null }>,
  stockReport: (async (_root, { storeId, groupBy }, { inventory, environment }) => {
    if (typeof storeId === 'string') requireStoreRight(environment, storeId, 'read')
    else requireChainRight(environment, 'read')
    if (typeof storeId === 'string') {
      requireHeld(environment, storeId)
      await requireStore(inventory, storeId)
    } else if (!(await holdsWholeChain(environment))) {
      throw new AisleError('OUT_OF_SCOPE', 'The stock of the whole chain is not held here; name the store.')
    }
    return reportRows(groupBy, await inventory.store.stockReport(groupBy, storeId ?? null))
  }) satisfies InventoryResolver<unknown, { storeId?: string | null; groupBy: StockGrouping }>,
}

const product = {
  __resolveReference: ({ id }: Reference) => ({ id }),
  price: (({ id }, { storeId }, { inventory, environment }) => {
    if (typeof storeId === 'string') requireHeld(environment, storeId)
    return inventory.loaders.price.load({ productId: id, storeId: storeId ?? null })
  }) satisfies InventoryResolver<Reference, { storeId?: string | null }>,
  availability: (({ id }, { storeId }, { inventory, environment }) => {
    requireHeld(environment, storeId)
    return inventory.loaders.level.load({ productId: id, storeId })
  }) satisfies InventoryResolver<Reference, { storeId: string }>,
  nearestAvailability: (({ id }, { near, first }, { inventory }) =>
    inventory.loaders.nearest.load({
      id,
      args: { near: requirePosition({ latitude: near.latitude, longitude: near.longitude }), first: pageSize(first ?? 5, 50) },
    })) satisfies InventoryResolver<Reference, { near: Position; first?: number | null }>,
}

const store = {
  __resolveReference: ({ id }: Reference, { inventory }: InventoryRequest) => inventory.loaders.store.load(id),
  address: (({ street, city, region, postcode, country }) => ({ street, city, region, postcode, country })) satisfies InventoryResolver<StoreRow>,
  position: (({ latitude, longitude }) => (latitude === null || longitude === null ? null : { latitude, longitude })) satisfies InventoryResolver<StoreRow>,
  openingHours: ((row) => row.opening_hours) satisfies InventoryResolver<StoreRow>,
  stock: (async ({ id }, { filter, first, after }, { inventory, environment }): Promise<StockConnection> => {
    requireHeld(environment, id)
    const size = pageSize(first ?? 50, 500)
    const narrowed: StockFilter = { productIds: filter?.productIds ?? null, statuses: filter?.statuses ?? null }
    const cursor = decodeCursor(after, 1)
    const rows = await inventory.loaders.stockPage.load({ id, args: { ...narrowed, first: size, after: cursor === null ? null : String(cursor[0]) } })
    return { ...connectionOf(rows.map(levelOf), size, after, (level) => [level.productId]), storeId: id, filter: narrowed }
  }) satisfies InventoryResolver<Reference, PageArgs & { filter?: StockFilterInput | null }>,
  refusedWrites,
  movements: (async ({ id }, { productId, first, after }, { inventory, environment }) => {
    requireStoreRight(environment, id, 'read')
    requireHeld(environment, id)
    const size = pageSize(first ?? 50, 500)
    const cursor = decodeCursor(after, 2)
    const from = cursor === null ? null : { occurredAt: Number(cursor[0]), id: String(cursor[1]) }
    const rows = await inventory.loaders.movementPage.load({ id, args: { productId: productId ?? null, first: size, after: from } })
    return connectionOf(rows, size, after, (row) => [row.occurred_at, row.id])
  }) satisfies InventoryResolver<Reference, PageArgs & { productId?: string | null }>,
}

const price = {
  product: (({ applies }) => ({ id: applies.product_id })) satisfies InventoryResolver<Price>,
  store: (({ applies }, _args, { inventory }) => ('store_id' in applies ? requireStore(inventory, applies.store_id) : null)) satisfies InventoryResolver<Price>,
  amount: (({ applies }) => toMoney(applies.amount_minor, applies.currency)) satisfies InventoryResolver<Price>,
  listAmount: (({ applies, list }) => (list === null || sameAmount(applies, list) ? null : toMoney(list.amount_minor, list.currency))) satisfies InventoryResolver<Price>,
  updatedAt: (({ applies }) => applies.updated_at) satisfies InventoryResolver<Price>,
}

const availability = {
  product: (({ productId }) => ({ id: productId })) satisfies InventoryResolver<Level>,
  store: (({ storeId }, _args, { inventory }) => requireStore(inventory, storeId)) satisfies InventoryResolver<Level>,
  onHand: (({ stock }) => stock?.on_hand ?? 0) satisfies InventoryResolver<Level>,
  status: (({ stock }) => statusOf(stock)) satisfies InventoryResolver<Level>,
  reorderPoint: (({ stock }) => stock?.reorder_point) satisfies InventoryResolver<Level>,
  updatedAt: (({ stock }) => stock?.updated_at) satisfies InventoryResolver<Level>,
}

const movement = {
  store: ((row, _args, { inventory }) => requireStore(inventory, row.store_id)) satisfies InventoryResolver<MovementRow>,
  product: ((row) => ({ id: row.product_id })) satisfies InventoryResolver<MovementRow>,
  onHandAfter: ((row) => row.on_hand_after) satisfies InventoryResolver<MovementRow>,
  occurredAt: ((row) => row.occurred_at) satisfies InventoryResolver<MovementRow>,
}

/** Every resolver of inventory, by type and field. */
export const inventoryResolvers: SubgraphResolvers = {
  DateTime,
  Decimal,
  CurrencyCode,
  Query: query,
  Mutation: mutations,
  Subscription: subscriptions,
  Product: product,
  Store: store,
  StoreConnection: { totalCount: ((_page, _args, { inventory }) => inventory.store.storeCount()) satisfies InventoryResolver<StoreConnection> },
  StockConnection: {
    totalCount: (({ storeId, filter }, _args, { inventory }) => inventory.loaders.stockCount.load({ id: storeId, args: filter })) satisfies InventoryResolver<StockConnection>,
  },
  StockMovement: movement,
  RefusedWrite: refusedWrite,
  Price: price,
  Availability: availability,
}

async function requireStore({ loaders }: InventoryRequest['inventory'], id: string): Promise<StoreRow> {
  const row = await loaders.store.load(id)
  if (row === null) throw unknownStore(id)
  return row
}

function sameAmount(a: ListPriceRow | StorePriceRow, b: ListPriceRow): boolean {
  return a.amount_minor === b.amount_minor && a.currency === b.currency
}
