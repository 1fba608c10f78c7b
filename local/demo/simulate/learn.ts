import { z } from 'zod'
import type { Send } from './client.ts'
import { stockDocument, storesDocument } from './operations.ts'

/** What the simulation knows of a product in a store. */
export interface Level {
  onHand: number
  readonly reorderPoint: number
}

/** A store as a client of the graph sees it. */
export interface SimulatedStore {
  readonly id: string
  readonly timezone: string
  readonly devices: readonly { readonly id: string; readonly kind: string }[]
  /** Levels by product id, in the order of the graph. */
  readonly levels: Map<string, Level>
  readonly productIds: readonly string[]
}

/** Most products of a store that are followed: enough for lively shelves, without reading a large catalogue whole. */
const mostProducts = 2_000

/** Where the store sets no reorder point. */
const usualReorderPoint = 5

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() })

const storesShape = z.object({
  stores: z.object({
    nodes: z.array(z.object({ id: z.string(), timezone: z.string(), devices: z.object({ nodes: z.array(z.object({ id: z.string(), kind: z.string() })) }) })),
    pageInfo,
  }),
})

const stockShape = z.object({
  store: z.object({
    stock: z.object({
      nodes: z.array(z.object({ product: z.object({ id: z.string() }), onHand: z.number(), reorderPoint: z.number().nullable() })),
      pageInfo,
    }),
  }).nullable(),
})

/** Asks the graph for the stores, their devices and what they carry. */
export async function learnStores(send: Send): Promise<SimulatedStore[]> {
  const stores: SimulatedStore[] = []
  for (let after: string | null = null, more = true; more;) {
    const page: z.output<typeof storesShape>['stores'] = (await send(storesDocument, { after }, storesShape)).stores
    for (const { id, timezone, devices } of page.nodes) {
      const levels = await learnLevels(send, id)
      stores.push({ id, timezone, devices: devices.nodes, levels, productIds: [...levels.keys()] })
    }
    after = page.pageInfo.endCursor
    more = page.pageInfo.hasNextPage
  }
  return stores
}

async function learnLevels(send: Send, storeId: string): Promise<Map<string, Level>> {
  const levels = new Map<string, Level>()
  for (let after: string | null = null, more = true; more && levels.size < mostProducts;) {
    const { store }: z.output<typeof stockShape> = await send(stockDocument, { storeId, after }, stockShape)
    if (store === null) break
    for (const { product, onHand, reorderPoint } of store.stock.nodes) levels.set(product.id, { onHand, reorderPoint: reorderPoint ?? usualReorderPoint })
    after = store.stock.pageInfo.endCursor
    more = store.stock.pageInfo.hasNextPage
  }
  return levels
}
