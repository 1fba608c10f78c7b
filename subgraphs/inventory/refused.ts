import { sql } from 'kysely'
import { connectionOf, decodeCursor, pageSize } from '../shared/connection.ts'
import { requireStoreRight } from '../shared/rights.ts'
import { requireHeld } from '../shared/scope.ts'
import type { EdgeOperationRow } from '../storage/database.ts'
import type { Storage } from '../storage/storage.ts'
import type { InventoryResolver } from './part.ts'
import type { RefusedPage } from './store.ts'

/** What was refused has user errors; the text is that of the partial indexes over it. */
const isRefused = sql<boolean>`outcome like '%"userErrors":[{%'`

/** Refused writes of stores, latest first; one more than the page holds of each. */
export function refusedPages({ db, dialect }: Storage, storeIds: readonly string[], { first, after }: RefusedPage): Promise<EdgeOperationRow[]> {
  let refused = db.selectFrom('edge_operation').selectAll().where((eb) => dialect.isIn(eb.ref('store_id'), storeIds)).where(isRefused)
  if (after !== null) {
    refused = refused.where((eb) => eb(eb.refTuple('recorded_at', 'incarnation', 'n'), '<', eb.tuple(after.recordedAt, after.incarnation, after.n)))
  }
  if (storeIds.length === 1) return refused.orderBy('recorded_at', 'desc').orderBy('incarnation', 'desc').orderBy('n', 'desc').limit(first + 1).execute()
  const columns = ['store_id', 'incarnation', 'n', 'operation_id', 'payload_hash', 'outcome', 'recorded_at'] as const
  return db
    .selectFrom(
      refused
        .select((eb) =>
          eb.fn.agg<number>('row_number').over((over) => over.partitionBy('store_id').orderBy('recorded_at', 'desc').orderBy('incarnation', 'desc').orderBy('n', 'desc')).as('place'),
        )
        .as('refused'),
    )
    .select(columns)
    .where('place', '<=', first + 1)
    .orderBy('store_id')
    .orderBy('recorded_at', 'desc')
    .orderBy('incarnation', 'desc')
    .orderBy('n', 'desc')
    .execute()
}

/** `Store.refusedWrites`. */
export const refusedWrites: InventoryResolver<{ readonly id: string }, { first?: number | null; after?: string | null }> = async ({ id }, { first, after }, { inventory, environment }) => {
  requireStoreRight(environment, id, 'read')
  requireHeld(environment, id)
  const size = pageSize(first ?? 50, 200)
  const cursor = decodeCursor(after, 3)
  const from = cursor === null ? null : { recordedAt: Number(cursor[0]), incarnation: String(cursor[1]), n: Number(cursor[2]) }
  const rows = await inventory.loaders.refusedPage.load({ id, args: { first: size, after: from } })
  return connectionOf(rows, size, after, (row) => [row.recorded_at, row.incarnation, row.n])
}

interface Outcome {
  readonly userErrors: readonly { readonly code: string; readonly message: string }[]
}

export const refusedWrite = {
  operationId: ((row) => row.operation_id) satisfies InventoryResolver<EdgeOperationRow>,
  refusedAt: ((row) => row.recorded_at) satisfies InventoryResolver<EdgeOperationRow>,
  reasons: ((row) => (JSON.parse(row.outcome) as Outcome).userErrors) satisfies InventoryResolver<EdgeOperationRow>,
}
