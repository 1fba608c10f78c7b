import { fileURLToPath } from 'node:url'
import { openNodeData } from '../../edge-cache/node/data/index.ts'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { MemoryCloud } from '../../edge-cache/node/data/testing/memory-cloud.ts'
import { startEdge } from '../../edge-cache/node/main.ts'
import { defaultPatience } from '../../runtime/http/patience.ts'
import { createRoleContext, type RunningRole } from '../../runtime/role.ts'
import { searchIndexExtension } from '../../subgraphs/search/index/extension.ts'
import type { EntityName } from '../../subgraphs/storage/entities.ts'
import { ready } from '../environment/wait.ts'

const storeId = '7'
export const manifest = fileURLToPath(new URL('../../schema/manifest.json', import.meta.url))

type Put = { readonly entity: EntityName; readonly row: Readonly<Record<string, unknown>> }

/** A store with a node that can be stopped and started again, and a cloud that can be changed. */
export interface Shop extends AsyncDisposable {
  readonly cloud: MemoryCloud
  readonly url: string
  stop(): Promise<void>
  /** Starts the node on the port and the data that it had. @param operations a manifest, where it is not the usual one */
  start(operations?: string): Promise<void>
}

export const device = (id: string, shows: readonly string[]): Put => ({
  entity: 'device', row: { id, store_id: storeId, kind: 'DISPLAY', firmware: null, status: 'ONLINE', last_seen_at: null, shows: JSON.stringify(shows) },
})
export const price = (productId: string, minor: number): Put => ({ entity: 'list_price', row: { product_id: productId, amount_minor: minor, currency: 'EUR', updated_at: 1 } })
export const offer = (productId: string, minor: number): Put => ({ entity: 'store_price', row: { store_id: storeId, product_id: productId, amount_minor: minor, currency: 'EUR', updated_at: 1 } })
export const product = (id: string, name: string, brand: string, size: string, gtin: string | null = null, organic = false): Put => ({
  entity: 'product',
  row: { id, name, description: null, brand, category_id: null, gtin, attributes: JSON.stringify([['size', size], ['organic', organic ? 'yes' : 'no']]), image_url: 'https://elsewhere.example/picture.jpg' },
})

export async function openShop(): Promise<Shop> {
  const folder = scratchFolder()
  const cloud = new MemoryCloud(storeId)
  cloud.put(
    { entity: 'store', row: { id: storeId, name: 'Harbour Market', timezone: 'Europe/Dublin' } },
    product('tea', 'Assam & Sons Green Tea Sencha 250 g', 'Assam & Sons', '250 g', '2900000100015'), price('tea', 249), cloud.stock('tea', 5),
    product('milk', 'Zuivelhof Oat Drink Barista 1 l', 'Zuivelhof', '1 l', '2900000100022'), price('milk', 189), cloud.stock('milk', 1),
    product('coffee', 'Mokkahaus Whole Bean Coffee 500 g', 'Mokkahaus', '500 g', '2900000100039', true), price('coffee', 899), offer('coffee', 699), cloud.stock('coffee', 34),
    product('bread', 'Maison Corvel Sourdough Loaf 800 g', 'Maison Corvel', '800 g'), price('bread', 420), cloud.stock('bread', 12),
    product('eggs', 'Meadowick Free-Range Eggs 10 pieces', 'Meadowick', '10 pieces', null, true), price('eggs', 365), cloud.stock('eggs', 0),
    product('oil', 'Sant’Orsola Extra Virgin Olive Oil 750 ml', 'Sant’Orsola', '750 ml', '2900000100060'), price('oil', 1149), offer('oil', 919), cloud.stock('oil', 8),
    product('markup', 'Salt <b>& vinegar</b>', 'Crisp <i>Co</i>', '150 g'),
    device('markup', ['markup']), device('wall', ['tea']), device('window', ['coffee', 'tea', 'bread', 'milk', 'eggs', 'oil']), device('shelf', ['coffee']), device('two', ['tea', 'milk']),
  )
  let node: RunningRole | null = null
  let port = 0
  const stop = async (): Promise<void> => {
    await node?.[Symbol.asyncDispose]()
    node = null
  }
  const start = async (operations = manifest): Promise<void> => {
    const config = { ...defaultPatience, port, host: '127.0.0.1', origin: 'http://localhost:9', store: storeId, data: folder.path, manifest: operations, bodyLimit: 65_536, clientOperations: 100, cacheBytes: 1_000_000, allowOrigin: [] }
    node = await startEdge(config, createRoleContext('edge', 'silent'), async (_config, { log, metrics }, stack) =>
      stack.use(await openNodeData({ storeId, directory: folder.path, origin: cloud, extensions: [searchIndexExtension], log, metrics, waitMs: 50, mostPauseMs: 100 })))
    port = Number(new URL(node.url).port)
    await ready(node.url)
  }
  await start()
  return {
    cloud,
    get url() {
      return `http://127.0.0.1:${port}`
    },
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop()
      folder[Symbol.dispose]()
    },
  }
}

