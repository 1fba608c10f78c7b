import { entities, type ReplicatedEntity } from '../../storage/entities.ts'
import type { PostgresStorage } from '../../storage/postgres/storage.ts'
import type { Replica } from '../../storage/sqlite/replica.ts'

export type Tables = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

/** All rows of the chain and of one store as Postgres has them, by entity, in key order. */
export async function rowsInPostgres({ pool }: PostgresStorage, storeId: string): Promise<Tables> {
  const found: Record<string, Record<string, unknown>[]> = {}
  for (const [name, entity] of Object.entries<ReplicatedEntity>(entities)) {
    const condition = entity.scope === 'chain' ? 'true' : "store_id in ('', $1)"
    const { rows } = await pool.query<Record<string, unknown>>(
      `select ${columnsOf(entity)} from ${name} where ${condition} order by ${entity.key.join(', ')}`,
      entity.scope === 'chain' ? [] : [storeId],
    )
    found[name] = rows
  }
  return found
}

/** The same as a replica has them. */
export function rowsInReplica(replica: Replica): Tables {
  using connection = replica.reader()
  connection.exec('begin')
  const found: Record<string, Record<string, unknown>[]> = {}
  for (const [name, entity] of Object.entries<ReplicatedEntity>(entities)) {
    found[name] = connection.prepare(`select ${columnsOf(entity)} from ${name} order by ${entity.key.join(', ')}`).all().map((row) => ({ ...row }))
  }
  return found
}

function columnsOf({ columns }: ReplicatedEntity): string {
  return Object.keys(columns).join(', ')
}
