import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { demoSource } from '../../local/demo/source.ts'
import { importData } from '../../local/import/import.ts'
import { testDatabase, type TestDatabase } from '../../local/testing/postgres.ts'
import { schemaFile } from '../../schema/files.ts'
import { operationIdOf } from '../../schema/manifest.ts'
import { openPostgres, type PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { comeToRest } from '../differential/quiet.ts'
import { Random } from '../differential/random.ts'
import { ask, operationIds, type Answer } from '../environment/client.ts'
import { startStack, type Stack } from '../environment/stack.ts'
import { until } from '../environment/wait.ts'

const operation = `query Search($query: String!, $filter: ProductFilter, $sort: ProductSort, $storeId: ID, $first: Int, $after: String) {
  search(query: $query, filter: $filter, sort: $sort, storeId: $storeId, first: $first, after: $after) {
    totalCount correctedQuery nodes { id name } pageInfo { hasNextPage endCursor } facets { kind name values { value label count } }
  }
}`

let folder: string
let database: TestDatabase
let storage: PostgresStorage
let stack: Stack
let storeId: string
let names: readonly string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aisle-search-'))
  database = await testDatabase()
  storage = openPostgres(database.url)
  await importData(demoSource({ products: 400, seed: 'search', now: Date.now() }), storage, {})
  storeId = (await storage.db.selectFrom('store').select('id').orderBy('id').executeTakeFirstOrThrow()).id
  names = (await storage.db.selectFrom('product').select('name').orderBy('id').execute()).map(({ name }) => name)
  const committed = JSON.parse(await readFile(schemaFile('manifest.json'), 'utf8')) as { operations: readonly object[] }
  const manifest = join(folder, 'manifest.json')
  await writeFile(manifest, JSON.stringify({ ...committed, operations: [...committed.operations, { id: operationIdOf(operation), name: 'Search', type: 'query', body: operation }] }))
  stack = await startStack(database.url, storeId, manifest)
}, 180_000)

afterAll(async () => {
  await stack?.[Symbol.asyncDispose]()
  await storage?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

type Variables = Readonly<Record<string, unknown>>

const atCloud = (variables: Variables): Promise<Answer> => ask(stack.gateway.url, { query: operation, variables })
const atEdge = (variables: Variables): Promise<Answer> => ask(stack.edge.url, { documentId: operationIdOf(operation), variables })

interface Found {
  readonly totalCount: number
  readonly correctedQuery: string | null
  readonly nodes: readonly { readonly id: string; readonly name: string }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  readonly facets: readonly { readonly kind: string; readonly name: string; readonly values: readonly { readonly value: string; readonly count: number }[] }[]
}

const found = ({ data, errors }: Answer): Found => {
  expect(errors).toEqual([])
  return data.search as unknown as Found
}

const atRest = async (name: string): Promise<string> => {
  const probe = { documentId: (await operationIds()).get('ShelfLabel')?.id ?? '', variables: { productId: 'none', storeId } }
  return comeToRest(stack, storage, probe, name)
}

/** A word with a letter left out, doubled or swapped with the next. */
function misspelt(word: string, random: Random): string {
  const at = 1 + random.integer(0, Math.max(0, word.length - 3))
  return random.pick([word.slice(0, at) + word.slice(at + 1), word.slice(0, at) + word.slice(at - 1), word.slice(0, at - 1) + (word[at] ?? '') + (word[at - 1] ?? '') + word.slice(at + 1)])
}

function searches(count: number): Variables[] {
  const random = new Random(5)
  return Array.from({ length: count }, (_, at): Variables => {
    const words = random.pick(names).split(' ')
    const some = words.filter(() => random.integer(0, 2) > 0)
    const query = (at % 9 === 0 ? [] : at % 3 === 0 ? some.map((word) => (word.length > 3 ? misspelt(word, random) : word)) : some).join(' ')
    const filter = { ...(at % 4 === 1 ? { maxPrice: '20.00' } : {}), ...(at % 5 === 2 ? { inStock: true } : {}) }
    return { query, filter, sort: random.pick(['RELEVANCE', 'RELEVANCE', 'NAME', 'PRICE_ASC', 'PRICE_DESC']), storeId: at % 5 === 2 || at % 7 === 0 ? storeId : null, first: 1 + random.integer(0, 40) }
  })
}

test('the node and the cloud rank, count and correct alike at the same position', async () => {
  await atRest('ranking')
  let [answered, corrected] = [0, 0]
  for (const variables of searches(150)) {
    const [cloud, edge] = [found(await atCloud(variables)), found(await atEdge(variables))]
    expect({ variables, ...edge }).toEqual({ variables, ...cloud })
    if (cloud.totalCount > 0) answered += 1
    if (cloud.correctedQuery !== null) corrected += 1
  }
  expect(answered).toBeGreaterThan(100)
  expect(corrected).toBeGreaterThan(10)
}, 120_000)

test('every facet counts under the filter, with prices and stock of the store', async () => {
  const base = { query: '', storeId, filter: { maxPrice: '30.00' }, first: 1 }
  const { facets, totalCount } = found(await atCloud(base))
  expect(facets.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['BRAND', 'CATEGORY', 'ATTRIBUTE', 'PRICE', 'AVAILABILITY']))
  for (const { kind, name, values } of facets) {
    for (const { value, count } of values.slice(0, 4)) {
      const [minPrice = '', maxPrice = ''] = value.split('..')
      const narrowing: Readonly<Record<string, object>> = {
        BRAND: { brands: [value] }, CATEGORY: { categoryIds: [value] }, ATTRIBUTE: { attributes: [{ name, values: [value] }] }, AVAILABILITY: { inStock: true },
        PRICE: { minPrice: minPrice === '' ? null : minPrice, maxPrice: maxPrice === '' ? '30.00' : maxPrice },
      }
      const narrowed = found(await atEdge({ ...base, filter: { ...base.filter, ...narrowing[kind] } }))
      expect([kind, name, value, narrowed.totalCount]).toEqual([kind, name, value, count])
      expect(count).toBeLessThanOrEqual(totalCount)
    }
  }
}, 60_000)

test('what matches nothing is an empty page with all its parts, and says what was searched instead', async () => {
  for (const at of [atCloud, atEdge]) {
    expect(found(await at({ query: 'xqzzkvwwj' }))).toEqual({ totalCount: 0, correctedQuery: null, nodes: [], facets: [], pageInfo: { hasNextPage: false, endCursor: null } })
    expect(found(await at({ query: '?!', storeId }))).toMatchObject({ totalCount: 0, nodes: [], facets: [{ kind: 'AVAILABILITY', values: [{ count: 0 }] }] })
    const word = names.flatMap((name) => name.split(' ')).find((each) => /^[a-z]{8,}$/i.test(each)) ?? ''
    const mended = found(await at({ query: `${word.slice(0, 3)}${word.slice(4)}` }))
    expect(mended.correctedQuery?.toLowerCase()).toBe(word.toLowerCase())
    expect(mended.totalCount).toBeGreaterThan(0)
  }
})

function commonest(words: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? ''
}

/**
 * Nothing holds an order still between two pages: where scores of neighbours swap just at the end of a page, one of them is shown twice or
 * not at all. Going by scores alone, most of the products came twice here.
 */
const mostSwapped = 3

test('pages go on about where they ended while the catalogue changes', async () => {
  const query = commonest(names.flatMap((name) => name.split(' ')))
  await atRest('before')
  const whole = found(await atCloud({ query, first: 100 })).nodes.map(({ id }) => id)
  expect(whole.length).toBeGreaterThan(20)
  const paged: string[] = []
  let after: string | null = null
  for (let page = 0; page < 100; page += 1) {
    const { nodes, pageInfo }: Found = found(await atCloud({ query, first: 10, after }))
    paged.push(...nodes.map(({ id }) => id))
    if (!pageInfo.hasNextPage || paged.length >= whole.length) break
    after = pageInfo.endCursor
    // More products with the same words: every score moves a little. The last one of the page goes now and then.
    await storage.db.insertInto('product').values({ id: `later${page}`, name: `${query} number ${page} with words of its own`, attributes: '[]' }).execute()
    if (page === 1) await storage.db.deleteFrom('product').where('id', '=', nodes.at(-1)?.id ?? '').execute()
    await atRest(`page${page}`)
  }
  const old = paged.filter((id) => whole.includes(id))
  expect(old.length - new Set(old).size).toBeLessThanOrEqual(mostSwapped)
  const missing = whole.slice(0, 40).filter((id) => !old.includes(id))
  expect(missing.length).toBeLessThanOrEqual(mostSwapped)
}, 120_000)

test('a product is found by its new name at the cloud and at the connected node', async () => {
  const { id } = await storage.db.selectFrom('product').select('id').orderBy('id').executeTakeFirstOrThrow()
  const elapsed: Record<'cloud' | 'node', number[]> = { cloud: [], node: [] }
  for (const name of ['Wobbleflask Prime', 'Trundlecask Minor', 'Quibblemast Grand']) {
    await storage.db.updateTable('product').set({ name }).where('id', '=', id).execute()
    const began = performance.now()
    const seen = async (where: keyof typeof elapsed, at: typeof atCloud): Promise<void> => {
      await until(`${where} to find ${name}`, async () => found(await at({ query: name })).nodes[0]?.id === id)
      elapsed[where].push(performance.now() - began)
    }
    await Promise.all([seen('cloud', atCloud), seen('node', atEdge)])
  }
  const told = Object.entries(elapsed).map(([where, times]) => `${where} ${times.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`)
  process.stdout.write(`found by its new name after: ${told.join('; ')}\n`)
  expect(found(await atEdge({ query: 'Wobbleflask' })).totalCount).toBe(0)
}, 60_000)
