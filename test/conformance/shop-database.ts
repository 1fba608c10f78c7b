import { testDatabase } from '../../local/testing/postgres.ts'
import { openPostgres, type PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { fill, shop } from './shop.ts'

/** A Postgres database that holds the small chain and nothing else. Disposing closes the storage and drops the database. */
export interface ShopDatabase extends AsyncDisposable {
  readonly url: string
  readonly storage: PostgresStorage
}

export async function shopDatabase(): Promise<ShopDatabase> {
  await using stack = new AsyncDisposableStack()
  const { url } = stack.use(await testDatabase())
  const storage = stack.use(openPostgres(url))
  await fill(storage, shop)
  const owned = stack.move()
  return { url, storage, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
