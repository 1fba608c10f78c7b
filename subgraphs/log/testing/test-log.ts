import { testDatabase } from '../../../local/testing/postgres.ts'
import { openPostgres, type PostgresStorage } from '../../storage/postgres/storage.ts'
import { openConnection } from '../connection.ts'
import { moveOutbox, type MovedBatch } from '../fence.ts'

/** A database whose log moves when the test says so. */
export interface TestLog extends AsyncDisposable {
  readonly storage: PostgresStorage
  /** Runs statements in one transaction. */
  write(...statements: readonly string[]): Promise<void>
  /** What the sequencer does once a tick. */
  move(): Promise<MovedBatch | null>
  /** `write`, then `move`; returns the batch. */
  commit(...statements: readonly string[]): Promise<number>
  epoch(): Promise<string>
}

export async function openTestLog(): Promise<TestLog> {
  const database = await testDatabase()
  const storage = openPostgres(database.url, { connections: 20 })
  const mover = await openConnection(storage)
  const log: TestLog = {
    storage,
    async write(...statements) {
      await storage.pool.query(`begin; ${statements.join('; ')}; commit`)
    },
    async move() {
      await mover.query('begin')
      await mover.query('select from log_fence where id = 1 for update')
      const moved = await moveOutbox(mover)
      await mover.query('commit')
      return moved
    },
    async commit(...statements) {
      await log.write(...statements)
      return (await log.move())?.batch ?? 0
    },
    async epoch() {
      const { rows } = await storage.pool.query<{ epoch: string }>('select epoch from log_fence')
      return rows[0]?.epoch ?? ''
    },
    async [Symbol.asyncDispose]() {
      await mover.end()
      await storage[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
  return log
}

export function putStock(storeId: string, productId: string, onHand: number): string {
  return `insert into stock (store_id, product_id, on_hand, updated_at) values ('${storeId}', '${productId}', ${onHand}, 0)
    on conflict (store_id, product_id) do update set on_hand = excluded.on_hand`
}

export function putProduct(id: string, name: string): string {
  return `insert into product (id, name) values ('${id}', '${name}') on conflict (id) do update set name = excluded.name`
}

export function putStore(id: string): string {
  return `insert into store (id, name, timezone) values ('${id}', 'Store ${id}', 'Europe/Madrid')`
}
