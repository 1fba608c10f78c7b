import { levelsOf } from '../../../local/demo/inventory.ts'
import { hash32, unit } from '../../../local/demo/random.ts'
import { createWorld, type World } from '../../../local/demo/world.ts'
import type { SnapshotRows } from '../../../subgraphs/log/source.ts'
import type { EntityName } from '../../../subgraphs/storage/entities.ts'

type Row = SnapshotRows['rows'][number]

const chunkRows = 1_000
const neighboursEach = 50

/** The chain that is measured: the demo's catalogue at its largest, and one of its stores, which carries every product. */
export interface Catalogue {
  readonly storeId: string
  readonly productIds: readonly string[]
  readonly chunks: () => Generator<SnapshotRows>
}

export function largeCatalogue(products: number): Catalogue {
  const world = createWorld({ products, seed: 'bench', now: Date.UTC(2026, 0, 1) })
  const [store] = world.stores
  if (store === undefined) throw new Error('The demo has no stores.')
  return { storeId: store.id, productIds: world.products.map(({ id }) => id), chunks: () => allRows(world, store.id) }
}

function* allRows(world: World, storeId: string): Generator<SnapshotRows> {
  const at = world.midnight
  yield* chunked('store', world.stores.map((store) => ({
    id: store.id, name: store.name, street: store.address, city: store.city, region: store.region, postcode: store.postcode, country: store.country,
    latitude: store.latitude, longitude: store.longitude, timezone: store.timezone, opening_hours: store.openingHours,
  })))
  yield* chunked('category', categories(world))
  yield* chunked('product', over(world.products, (product) => ({
    id: product.id, name: product.name, description: product.description, brand: product.brand, category_id: categoryId(product.kind.path), gtin: product.gtin,
    attributes: JSON.stringify(Object.entries(product.attributes)), image_url: `/images/${product.id}.webp`,
  })))
  yield* chunked('list_price', over(world.products, ({ id, priceMinor }) => ({ product_id: id, amount_minor: priceMinor, currency: 'EUR', updated_at: at })))
  yield* chunked('neighbours', over(world.products, ({ id, index }) => ({ product_id: id, similar_to: neighbours(world, index, 'SIMILAR'), bought_with: neighbours(world, index, 'BOUGHT_TOGETHER') })))
  const known = new Map([...levelsOf(world, world.stores[0] as World['stores'][number])].map((level) => [level.product.id, level]))
  yield* chunked('stock', over(world.products, ({ id }) => ({
    store_id: storeId, product_id: id, on_hand: known.get(id)?.onHand ?? 12, reorder_point: known.get(id)?.reorderPoint ?? 4, order_up_to: known.get(id)?.orderUpTo ?? 24, updated_at: at,
  })))
  yield* chunked('store_price', over(world.products.filter(({ index }) => index % 20 === 0), ({ id, priceMinor }) => ({
    store_id: storeId, product_id: id, amount_minor: priceMinor - 10, currency: 'EUR', updated_at: at,
  })))
}

function* categories(world: World): Generator<Row> {
  const seen = new Set<string>()
  for (const { kind } of world.products) {
    for (let depth = 1; depth <= kind.path.length; depth += 1) {
      const path = kind.path.slice(0, depth)
      const id = categoryId(path)
      if (seen.has(id)) continue
      seen.add(id)
      yield { id, parent_id: depth === 1 ? null : categoryId(path.slice(0, -1)), name: path.at(-1) ?? '', path: JSON.stringify(path) }
    }
  }
}

function categoryId(path: readonly string[]): string {
  return hash32(path.join('/')).toString(36)
}

/** Packed as training packs them, best first. */
function neighbours({ products, seedNumber }: World, index: number, reason: string): string {
  const list: [string, number, string][] = []
  for (let rank = 0; rank < neighboursEach; rank += 1) {
    const other = products[Math.floor(unit(seedNumber, index, rank) * products.length)]
    if (other !== undefined) list.push([other.id, Math.round(1e6 / (rank + 2)) / 1e6, reason])
  }
  return JSON.stringify(list)
}

function* over<Item>(items: Iterable<Item>, row: (item: Item) => Row): Generator<Row> {
  for (const item of items) yield row(item)
}

function* chunked(entity: EntityName, rows: Iterable<Row>): Generator<SnapshotRows> {
  let chunk: Row[] = []
  for (const row of rows) {
    chunk.push(row)
    if (chunk.length < chunkRows) continue
    yield { entity, rows: chunk }
    chunk = []
  }
  if (chunk.length > 0) yield { entity, rows: chunk }
}
