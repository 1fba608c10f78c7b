import { expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { testDatabase } from '../../../local/testing/postgres.ts'
import { openPostgres, type PostgresStorage } from '../../storage/postgres/storage.ts'
import { unpackNeighbours, unpackTrending } from '../packed.ts'
import { trainRecommendations, trainingIsCurrent } from './train.ts'

const day = 86_400_000
const names: Record<string, string> = {
  tea: 'Assam tea', teapot: 'Brown teapot', cup: 'Tea cup', coffee: 'Ground coffee', filter: 'Coffee filter', mug: 'Coffee mug', 'tea-green': 'Green Assam tea', odd: 'Snow shovel',
}
/** Tea things go with tea things, coffee things with coffee things; nobody ever bought the green tea. */
const baskets: readonly (readonly string[])[] = Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? (at % 3 === 0 ? ['tea', 'teapot'] : ['tea', 'cup']) : at % 3 === 0 ? ['coffee', 'filter'] : ['coffee', 'mug']))

async function seed({ db }: PostgresStorage): Promise<void> {
  await db.insertInto('product').values(Object.entries(names).map(([id, name]) => ({ id, name, attributes: '[]' }))).execute()
  await db.insertInto('sale').values(baskets.map((_, at) => ({ id: `s${at}`, store_id: at % 2 === 0 ? 'north' : 'south', customer_id: null, ordered_at: at * day }))).execute()
  const lines = baskets.flatMap((basket, at) => basket.map((product_id, line) => ({ sale_id: `s${at}`, line, product_id, quantity: 1, unit_price_minor: 1, currency: 'GBP' })))
  await db.insertInto('sale_line').values(lines).execute()
}

const captured = async ({ db }: PostgresStorage): Promise<number> =>
  (await sql<{ count: number }>`select count(*) as count from outbox where entity in ('neighbours', 'trending')`.execute(db)).rows[0]?.count ?? -1

test('what is trained says what goes with what, is the same every time, and is written only where it changed', async () => {
  await using database = await testDatabase()
  await using storage = openPostgres(database.url, { connections: 2 })
  await seed(storage)
  expect(await trainingIsCurrent(storage)).toBe(false)
  const report = await trainRecommendations(storage)
  expect(report).toMatchObject({ products: 8, sales: 60, saleLines: 120, easeProducts: 6 })
  expect(await trainingIsCurrent(storage)).toBe(true)

  const rows = await storage.db.selectFrom('neighbours').selectAll().orderBy('product_id').execute()
  const of = (id: string) => rows.find((row) => row.product_id === id)
  const together = (id: string) => unpackNeighbours(of(id)?.bought_with ?? '[]').filter(({ score }) => score > 0).map(({ productId }) => productId)
  expect(together('tea').toSorted()).toEqual(['cup', 'teapot'])
  expect(together('coffee').toSorted()).toEqual(['filter', 'mug'])
  expect(unpackNeighbours(of('cup')?.similar_to ?? '[]')[0]).toMatchObject({ productId: 'teapot', reason: 'SIMILAR' })
  expect(unpackNeighbours(of('tea-green')?.similar_to ?? '[]')[0]).toMatchObject({ productId: 'tea', reason: 'SIMILAR_CONTENT' })
  expect(of('tea-green')?.bought_with).toBe('[]')
  expect(of('odd')).toBeUndefined()

  const trends = await storage.db.selectFrom('trending').selectAll().orderBy('store_id').execute()
  expect(trends.map(({ store_id, items }) => [store_id, unpackTrending(items)[0]?.productId])).toEqual([['', 'coffee'], ['north', 'tea'], ['south', 'coffee']])

  const before = await captured(storage)
  expect(await trainRecommendations(storage)).toMatchObject({ changedRows: 0 })
  expect(await storage.db.selectFrom('neighbours').selectAll().orderBy('product_id').execute()).toEqual(rows)
  expect(await captured(storage)).toBe(before)
})

test('training is stale once sales or catalogue changed, unless growth is forgiven', async () => {
  await using database = await testDatabase()
  await using storage = openPostgres(database.url, { connections: 2 })
  await seed(storage)
  await trainRecommendations(storage)
  await storage.db.insertInto('sale').values({ id: 'new', store_id: 'north', customer_id: null, ordered_at: 61 * day }).execute()
  await storage.db.insertInto('sale_line').values({ sale_id: 'new', line: 1, product_id: 'odd', quantity: 1, unit_price_minor: 1, currency: 'GBP' }).execute()
  expect(await trainingIsCurrent(storage)).toBe(false)
  expect(await trainingIsCurrent(storage, { growth: 0.05 })).toBe(true)
  expect(await trainingIsCurrent(storage, { lambda: 99, growth: 0.05 })).toBe(false)
  await storage.db.updateTable('product').set({ name: 'Sand shovel' }).where('id', '=', 'odd').execute()
  expect(await trainingIsCurrent(storage, { growth: 0.05 })).toBe(false)
  await storage.db.deleteFrom('product').where('id', '=', 'teapot').execute()
  await trainRecommendations(storage)
  const rows = await storage.db.selectFrom('neighbours').selectAll().execute()
  expect(rows.some((row) => row.product_id === 'teapot' || row.bought_with.includes('teapot'))).toBe(false)
})

test('products beyond what EASE takes get the cosine of their baskets', async () => {
  await using database = await testDatabase()
  await using storage = openPostgres(database.url, { connections: 2 })
  await seed(storage)
  expect(await trainRecommendations(storage, { maxProducts: 2 })).toMatchObject({ easeProducts: 2 })
  const row = await storage.db.selectFrom('neighbours').selectAll().where('product_id', '=', 'mug').executeTakeFirstOrThrow()
  expect(unpackNeighbours(row.bought_with).map(({ productId }) => productId)).toEqual(['coffee'])
})
