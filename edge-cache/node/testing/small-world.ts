import type { EntityName } from '../../../subgraphs/storage/entities.ts'
import type { AnsweringNode } from './answering-node.ts'
import { MemoryCloud } from '../data/testing/memory-cloud.ts'
import { operationId } from '../data/testing/node.ts'
import { Cursors, type Pool } from '../../../test/differential/pool.ts'

/** Numbers by chance, the same for the same seed (mulberry32). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296) * limit)
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }
}

const hourMs = 3_600_000
const ids = (letter: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${letter}${at}`)
const products = ids('p', 8)
const categories = ids('c', 4)
const devices = ids('d', 3)
const words = ['green', 'tea', 'black', 'milk', 'oat', 'bread', 'dark', 'chocolate']
const brands = ['Acme', 'Verdello']
const dayMs = 24 * hourMs
const putEntities: readonly EntityName[] = ['store', 'category', 'list_price', 'product', 'device', 'neighbours', 'stock', 'trending', 'store_price', 'reading']

/** A chain so small that everything meets everything, changed by chance. */
export class SmallWorld {
  readonly cloud = new MemoryCloud('S1')
  readonly #chance: Chance
  readonly #began = Date.now()
  #ahead = 0
  #epochs = 0
  #turn = 0
  #lost = false
  #steps = 0

  /** What random operations are asked about. */
  readonly pool: Pool
  /** Entities of which something was changed. */
  readonly changed = new Set<EntityName>()

  constructor(chance: Chance) {
    this.#chance = chance
    this.pool = {
      storeId: 'S1', otherStores: ['S2', 'S3', 'S9'], products, favourites: products.slice(0, 3), categories, brands, attributes: words.map((value) => ({ name: 'colour', value })),
      devices, otherDevices: ['d9'], displays: devices, freezers: devices, otherFreezers: ['d9'], metrics: ['temperature', 'humidity'], words, customers: ['x'],
      midnight: Math.floor(this.#began / dayMs) * dayMs, cursors: new Cursors(),
    }
    this.cloud.clock = () => this.#began + this.#ahead
    for (const id of ['S1', 'S2']) this.cloud.put({ entity: 'store', row: this.#store(id) })
    for (let at = 0; at < 60; at += 1) this.#putSomething()
  }

  /** One change: in the cloud, of the link, or a write of the node's own. */
  async step({ data }: AnsweringNode): Promise<void> {
    const { cloud } = this
    const context = { principal: 'test', now: Date.now() }
    // What is rare is not left to chance.
    this.#steps += 1
    if (this.#steps % 40 === 20) return this.#restore()
    if (this.#steps % 40 === 35) this.#ahead += hourMs
    // Nothing arrives while it is down.
    if (cloud.down && this.#chance.below(3) === 0) cloud.down = false
    // A store that the chain has lost is soon there again, for little can be asked of it.
    if (this.#lost) this.cloud.put({ entity: 'store', row: this.#store('S1') })
    this.#lost = false
    const key = this.#chance.below(100)
    if (key < 58) this.#putSomething()
    else if (key < 61) this.#putMuch()
    else if (key < 68) this.#removeSomething()
    else if (key < 74) await data.inventory.recordMovement({ operationId: operationId(), storeId: 'S1', productId: this.#chance.of(products), kind: 'SALE', quantity: -1 - this.#chance.below(3), occurredAt: null }, context)
    else if (key < 80) await data.inventory.recordCount({ operationId: operationId(), storeId: 'S1', productId: this.#chance.of(products), counted: this.#chance.below(20), countedAt: null }, context)
    else if (key < 86) await data.device.reportReadings({ operationId: operationId(), deviceId: this.#chance.of(devices), readings: [{ metric: 'temperature', at: this.#began - this.#chance.below(3) * 60_000, value: this.#chance.below(9) }] }, context)
    else if (key < 90) cloud.holdsLog = true
    else if (key < 94) cloud.release()
    else if (key < 96) cloud.refuses = this.#chance.below(2) === 0 ? () => null : () => 'PRODUCT_UNKNOWN'
    else if (key < 98) cloud.down = true
    else if (key < 99) this.#ahead += hourMs
    else this.#restore()
  }

  /** Everything that the node was told of, or nothing it can be told of now. */
  settled({ data }: AnsweringNode): boolean {
    const { position } = data.status()
    return this.cloud.down || (position?.epoch === this.cloud.epoch && position.batch === this.cloud.batch)
  }

  /** An operation's variables, among few enough that the same are asked for again. */
  variables(name: string): Record<string, unknown> {
    const storeId = this.#chance.below(8) === 0 ? this.#chance.of(['S2', 'S9']) : 'S1'
    const id = this.#chance.of(products)
    const kept = Math.floor(this.cloud.clock() / hourMs) * hourMs - 7 * 24 * hourMs
    const sets: Record<string, Record<string, unknown>> = {
      AppProduct: { ids: [id, 'p0'], storeId, withSimilar: this.#chance.below(2) === 0 },
      AppSearch: { query: this.#chance.of(words), storeId: 'S1', inStock: this.#chance.below(2) === 0 },
      BasketRecommendations: { productIds: [id], storeId },
      BrowseCategories: { parentId: this.#chance.of([null, ...categories]) },
      DeviceReadings: {
        deviceId: this.#chance.of(devices), metric: 'temperature', to: new Date(this.#began + hourMs).toISOString(),
        from: new Date(this.#chance.of([kept, kept + hourMs, Math.floor(this.#began / hourMs) * hourMs])).toISOString(), bucket: this.#chance.of([null, 'PT1H']),
      },
      DisplayContent: { deviceId: this.#chance.of(devices), storeId },
      DisplayProducts: { deviceId: this.#chance.of(devices), storeId },
      FindStores: this.#chance.below(2) === 0 ? {} : { near: { latitude: 50, longitude: 4 }, first: 2 },
      SearchProducts: { query: this.#chance.of(words), ...this.#chance.of([{}, { storeId: 'S1' }, { storeId: 'S1', sort: 'PRICE_ASC', filter: { inStock: true } }]) },
      StockReport: { storeId, groupBy: this.#chance.of(['CATEGORY', 'BRAND', 'PRODUCT', 'STORE']) },
      StoreDevices: { storeId },
      StoreStock: { storeId, filter: this.#chance.of([null, { productIds: [id] }, { statuses: ['OUT_OF_STOCK'] }]), first: 3 },
      SuggestProducts: { prefix: this.#chance.of(words).slice(0, 3) },
      WhereInStock: { id, near: { latitude: 50, longitude: 4 } },
      MovementHistory: { storeId },
      MyRecommendations: { customerId: 'x' },
    }
    return sets[name] ?? { id, productId: id, storeId }
  }

  /** One row, of each entity in turn: what changes together with others would hide who reads it unnoticed. */
  #putSomething(): void {
    this.cloud.put(this.#something(putEntities[this.#turn++ % putEntities.length]))
  }

  /** A batch that is taken in by parts, while others read. */
  #putMuch(): void {
    this.cloud.put(...Array.from({ length: 2 + this.#chance.below(40) }, () => this.#something()))
  }

  #something(entity: EntityName = this.#chance.of(putEntities)): { readonly entity: EntityName; readonly row: Record<string, unknown> } {
    this.changed.add(entity)
    return { entity, row: this.#row(entity) }
  }

  #row(entity: EntityName): Record<string, unknown> {
    const chance = this.#chance
    const product_id = chance.of(products)
    const name = `${chance.of(words)} ${chance.of(words)}`
    const packed = JSON.stringify(products.slice(chance.below(4)).map((id, at) => [id, 1 / (at + 2), 'BOUGHT_TOGETHER']))
    const amount = { amount_minor: 100 + chance.below(900), currency: chance.of(['EUR', 'EUR', 'JPY']), updated_at: chance.below(1_000) }
    switch (entity) {
      case 'category': return { id: chance.of(categories), parent_id: chance.of([null, ...categories]), name, path: JSON.stringify([name]) }
      case 'product': return { id: product_id, name, description: chance.of(words), brand: chance.of([null, ...brands]), category_id: chance.of([null, ...categories]), gtin: null, attributes: JSON.stringify([['colour', chance.of(words)]]), image_url: null }
      case 'list_price': return { product_id, ...amount }
      case 'store': return this.#store(chance.of(['S1', 'S1', 'S2', 'S3']))
      case 'neighbours': return { product_id, similar_to: packed, bought_with: packed }
      case 'trending': return { store_id: chance.of(['S1', '']), items: JSON.stringify(products.slice(chance.below(4)).map((id, at) => [id, 1 / (at + 1)])) }
      case 'store_price': return { store_id: 'S1', product_id, ...amount }
      case 'stock': return { store_id: 'S1', product_id, on_hand: chance.below(9), reorder_point: chance.of([null, 3, 8]), order_up_to: 9, updated_at: chance.below(1_000) }
      case 'device': return { id: chance.of(devices), store_id: 'S1', kind: chance.of(['DISPLAY', 'FREEZER']), firmware: null, status: chance.of(['ONLINE', 'OFFLINE']), last_seen_at: null, shows: JSON.stringify([product_id]) }
      default: return { device_id: chance.of(devices), metric: chance.of(['temperature', 'humidity']), at: this.#began - chance.below(90) * 60_000, value: chance.below(9), store_id: 'S1' }
    }
  }

  #removeSomething(): void {
    const product = this.#chance.of(products)
    const [entity, key] = this.#chance.of<readonly [EntityName, readonly string[]]>([
      ['product', [product]], ['list_price', [product]], ['neighbours', [product]], ['category', [this.#chance.of(categories)]], ['device', [this.#chance.of(devices)]],
      ['store_price', ['S1', product]], ['stock', ['S1', product]], ['store', ['S3']], ['store', ['S1']], ['trending', ['S1']],
    ])
    this.#lost = entity === 'store' && key[0] === 'S1'
    this.cloud.remove(entity, key)
  }

  /** The cloud is taken back to an earlier state, and says so by its epoch. */
  #restore(): void {
    this.#epochs += 1
    this.cloud.restore(`epoch ${this.#epochs}`, (entity) => entity === 'stock' && this.#chance.below(2) === 0)
    this.#putSomething()
  }

  #store(id: string): Record<string, unknown> {
    const text = this.#chance.of(words)
    return { id, name: text, street: null, city: text, region: null, postcode: null, country: 'BE', latitude: this.#chance.of([null, 50 + this.#chance.below(5)]), longitude: 4, timezone: this.#chance.of(['Europe/Brussels', 'Asia/Tokyo']), opening_hours: text }
  }
}
