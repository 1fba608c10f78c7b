import { AisleError } from '../../runtime/errors.ts'
import { connectionOf, decodeCursor, type Connection, type Edge } from '../shared/connection.ts'
import type { StoreRow } from '../storage/database.ts'
import { byDistance, compareNear, requirePosition, type Position } from './distance.ts'
import type { InventoryStore } from './store.ts'

/** A page of stores; the total is counted only when it is asked for. */
export interface StoreConnection extends Connection<StoreRow> {
  readonly edges: readonly (Edge<StoreRow> & { readonly distanceKm: number | null })[]
}

/** The chain's stores, nearest first with `near`, else by name. A cursor of one order is refused in the other. */
export async function storePage(store: InventoryStore, near: Position | null, first: number, after: string | null | undefined): Promise<StoreConnection> {
  return near === null ? pageByName(store, first, after) : pageByDistance(store, requirePosition(near), first, after)
}

async function pageByName(store: InventoryStore, first: number, after: string | null | undefined): Promise<StoreConnection> {
  const [name, id] = decodeCursor(after, 2) ?? []
  if (name !== undefined && typeof name !== 'string') throw wrongOrder()
  const rows = await store.storePage(first, name === undefined ? null : { name, id: String(id) })
  const page = connectionOf(rows, first, after, (row) => [row.name, row.id])
  return { ...page, edges: page.edges.map((edge) => ({ ...edge, distanceKm: null })) }
}

async function pageByDistance(store: InventoryStore, near: Position, first: number, after: string | null | undefined): Promise<StoreConnection> {
  const [km, id] = decodeCursor(after, 2) ?? []
  if (typeof km === 'string') throw wrongOrder()
  const sorted = byDistance(await store.allStores(), near)
  const start = km === undefined ? 0 : sorted.findIndex((one) => compareNear(one.km, one.place.id, km, String(id)) > 0)
  const rest = start === -1 ? [] : sorted.slice(start, start + first + 1)
  const page = connectionOf(rest, first, after, (one) => [one.km, one.place.id])
  return {
    pageInfo: page.pageInfo,
    nodes: page.nodes.map((one) => one.place),
    edges: page.edges.map(({ cursor, node }) => ({ cursor, node: node.place, distanceKm: node.km })),
  }
}

function wrongOrder(): AisleError {
  return new AisleError('BAD_USER_INPUT', 'The argument `after` belongs to the other order of stores: keep `near` the same over all pages.')
}
