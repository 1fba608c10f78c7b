import type pg from 'pg'
import type { PostgresStorage } from '../../storage/postgres/storage.ts'

/** Random, repeatable numbers in [0, 1) (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * Writes at random to stock, devices, products and trending of three stores, and keeps a rule that holds at every cut between commits:
 * in each store the product `b` never has more on hand than `a` had, for it is copied from there, and `a` only grows.
 */
export async function writeAtRandom({ pool }: PostgresStorage, seed: number, transactions: number): Promise<void> {
  const random = randomNumbers(seed)
  const pick = (count: number): number => Math.floor(random() * count)
  for (let i = 0; i < transactions; i += 1) await inTransaction(pool, statementsFor(pick(7), pick))
}

async function inTransaction(pool: pg.Pool, statements: readonly string[]): Promise<void> {
  const connection = await pool.connect()
  try {
    await connection.query('begin')
    for (const statement of statements) await connection.query(statement)
    await connection.query('commit')
  } catch (error) {
    await connection.query('rollback').catch(() => {})
    // Two of these may wait for each other; Postgres breaks one off, and any other fault is the test's.
    if (!(error instanceof Error && 'code' in error && error.code === '40P01')) throw error
  } finally {
    connection.release()
  }
}

function statementsFor(choice: number, pick: (count: number) => number): string[] {
  const store = `s${1 + pick(3)}`
  const stock = (product: string, value: string): string =>
    `insert into stock (store_id, product_id, on_hand, updated_at) values ('${store}', '${product}', ${value}, 0) on conflict (store_id, product_id) do update set on_hand = excluded.on_hand`
  switch (choice) {
    case 0:
      return [`insert into stock as s (store_id, product_id, on_hand, updated_at) values ('${store}', 'a', 1, 0) on conflict (store_id, product_id) do update set on_hand = s.on_hand + 1`]
    case 1:
      return [`insert into stock (store_id, product_id, on_hand, updated_at) select store_id, 'b', on_hand, 0 from stock where store_id = '${store}' and product_id = 'a'
        on conflict (store_id, product_id) do update set on_hand = greatest(stock.on_hand, excluded.on_hand)`]
    case 2:
      return Array.from({ length: 1 + pick(6) }, () => stock(`p${pick(30)}`, String(pick(100))))
    case 3:
      return [`delete from stock where store_id = '${store}' and product_id = 'p${pick(30)}'`]
    case 4:
      return [`insert into device (id, store_id, kind) values ('d${pick(6)}', '${store}', 'DISPLAY') on conflict (id) do update set store_id = excluded.store_id`]
    case 5:
      return [`insert into product (id, name, attributes) values ('p${pick(30)}', 'Name ${pick(1_000)} é', '[["size","${pick(9)}"]]') on conflict (id) do update set name = excluded.name`, stock('a2', String(pick(9)))]
    default:
      return [`delete from product where id = 'p${pick(30)}'`, `insert into trending (store_id, items) values ('${pick(2) === 0 ? '' : store}', '[["p${pick(30)}",${pick(100) / 8}]]') on conflict (store_id) do update set items = excluded.items`]
  }
}
