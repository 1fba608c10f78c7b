/** How a column is declared in a replica. */
export type ColumnType = 'text' | 'integer' | 'real'

/** An entity that the log carries: its table has the same name and columns in Postgres and in every replica. */
export interface ReplicatedEntity {
  /** 'chain', or the column that holds the store's id; an empty id stands for the chain. */
  readonly scope: 'chain' | 'store_id'
  readonly key: readonly string[]
  readonly columns: Readonly<Record<string, ColumnType>>
}

/** Every entity that leaves Postgres through the log, in an order that bootstraps parents before children. */
export const entities = {
  category: { scope: 'chain', key: ['id'], columns: { id: 'text', parent_id: 'text', name: 'text', path: 'text' } },
  product: {
    scope: 'chain',
    key: ['id'],
    columns: { id: 'text', name: 'text', description: 'text', brand: 'text', category_id: 'text', gtin: 'text', attributes: 'text', image_url: 'text' },
  },
  list_price: { scope: 'chain', key: ['product_id'], columns: { product_id: 'text', amount_minor: 'integer', currency: 'text', updated_at: 'integer' } },
  store: {
    scope: 'chain',
    key: ['id'],
    columns: {
      id: 'text', name: 'text', street: 'text', city: 'text', region: 'text', postcode: 'text', country: 'text',
      latitude: 'real', longitude: 'real', timezone: 'text', opening_hours: 'text',
    },
  },
  neighbours: { scope: 'chain', key: ['product_id'], columns: { product_id: 'text', similar_to: 'text', bought_with: 'text' } },
  trending: { scope: 'store_id', key: ['store_id'], columns: { store_id: 'text', items: 'text' } },
  store_price: {
    scope: 'store_id',
    key: ['store_id', 'product_id'],
    columns: { store_id: 'text', product_id: 'text', amount_minor: 'integer', currency: 'text', updated_at: 'integer' },
  },
  stock: {
    scope: 'store_id',
    key: ['store_id', 'product_id'],
    columns: { store_id: 'text', product_id: 'text', on_hand: 'integer', reorder_point: 'integer', order_up_to: 'integer', updated_at: 'integer' },
  },
  device: {
    scope: 'store_id',
    key: ['id'],
    columns: { id: 'text', store_id: 'text', kind: 'text', firmware: 'text', status: 'text', last_seen_at: 'integer', shows: 'text' },
  },
  reading: { scope: 'store_id', key: ['device_id', 'metric', 'at'], columns: { device_id: 'text', metric: 'text', at: 'integer', value: 'real', store_id: 'text' } },
  edge_operation: {
    scope: 'store_id',
    key: ['store_id', 'incarnation', 'n'],
    columns: { store_id: 'text', incarnation: 'text', n: 'integer', operation_id: 'text', payload_hash: 'text', outcome: 'text', recorded_at: 'integer' },
  },
} as const satisfies Record<string, ReplicatedEntity>

export type EntityName = keyof typeof entities

/** How long a store keeps its readings, in milliseconds. */
export const readingRetentionMs = 7 * 24 * 60 * 60 * 1000

/**
 * How long a store holds the outcomes of its writes, in milliseconds: longer than its outbox remembers the writes. Whatever is delivered
 * again after that still counts once, for the cloud keeps every operation by its id far longer.
 */
export const outcomeRetentionMs = 45 * 24 * 60 * 60 * 1000

/** The scope of what the whole chain shares. */
export const chainScope = 'chain'

/** The scope of one store. */
export function storeScope(storeId: string): string {
  return `store:${storeId}`
}
