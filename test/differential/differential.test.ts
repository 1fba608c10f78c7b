import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { buildASTSchema, type GraphQLSchema } from 'graphql'
import { demoSource } from '../../local/demo/source.ts'
import { importData } from '../../local/import/import.ts'
import { testDatabase, type TestDatabase } from '../../local/testing/postgres.ts'
import { publicSchema } from '../../schema/compose.ts'
import { readSubgraph, schemaFile, subgraphs } from '../../schema/files.ts'
import { operationIdOf } from '../../schema/manifest.ts'
import { mergeDefinitions } from '../../edge-cache/node/schema/merge.ts'
import { trainRecommendations } from '../../subgraphs/recommendation/train/train.ts'
import { openPostgres, type PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { ask, operationIds } from '../environment/client.ts'
import { startStack, type Stack } from '../environment/stack.ts'
import { chooseValue, type Value } from './arguments.ts'
import { compareAnswers, type Comparison } from './compare.ts'
import { fieldQueries, type FieldQuery } from './fields.ts'
import { randomQueries, type RandomQuery } from './documents.ts'
import { knownQuery } from './known.ts'
import { readPool, type Pool } from './pool.ts'
import { comeToRest, positionAtRest, type Probe } from './quiet.ts'
import { Random } from './random.ts'
import { oneStepSmaller } from './reduce.ts'
import { writeSomething } from './writes.ts'

const seed = Number(process.env.DIFFERENTIAL_SEED ?? 1)
const queryCount = Number(process.env.DIFFERENTIAL_QUERIES ?? 120)
const rounds = Number(process.env.DIFFERENTIAL_ROUNDS ?? 4)
const dayMs = 24 * 60 * 60 * 1000

let folder: string
let database: TestDatabase
let storage: PostgresStorage
let stack: Stack
let schema: GraphQLSchema
let pool: Pool
let queries: readonly RandomQuery[]
let fields: readonly (RandomQuery & FieldQuery)[]
/** What the node must tell something of, sooner or later: the manifest's operations, and each field asked alone. */
let owed: readonly RandomQuery[]
let probe: Probe

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aisle-differential-'))
  database = await testDatabase()
  storage = openPostgres(database.url)
  const now = Date.now()
  await importData(demoSource({ products: 120, seed: 'differential', now }), storage, { now })
  await trainRecommendations(storage, {})
  schema = buildASTSchema(publicSchema(await readFile(schemaFile('supergraph.graphql'), 'utf8')))
  pool = await readPool(storage, Math.floor(now / dayMs) * dayMs)
  // No product of the demo has one.
  await storage.db.updateTable('product').set({ image_url: 'https://example.org/näf.png' }).where('id', 'in', pool.favourites).execute()
  const { cloudOnly } = mergeDefinitions(await Promise.all(subgraphs.map(async ({ name }) => ({ name, typeDefs: await readSubgraph(name), resolvers: {} }))))
  const committed = await operationIds()
  const random = new Random(seed)
  const known = [...committed.values()].filter(({ type }) => type === 'query').map(({ body }) => knownQuery(schema, pool, body))
  fields = fieldQueries(schema, cloudOnly).map((query) => ({ ...query, variables: (own: Random) => valuesOf(query, own) }))
  queries = [...known, ...randomQueries(schema, cloudOnly, pool, random, queryCount)]
  owed = [...known.filter(({ name }) => !ofTheCloud.includes(name)), ...fields.filter(({ field }) => !cloudOnly.has(field))]
  probe = { documentId: committed.get('ShelfLabel')?.id ?? '', variables: { productId: pool.products[0], storeId: pool.storeId } }
  stack = await startStack(database.url, pool.storeId, await manifestOf('generated', [...queries, ...fields, ...refusals()].map(({ text }) => text)))
}, 180_000)

afterAll(async () => {
  await stack?.[Symbol.asyncDispose]()
  await storage?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

test('what the node does not hold is refused there with its code, and costs no more than that', async () => {
  await comeToRest(stack, storage, probe, 'refused')
  for (const { text, code, place } of refusals()) {
    const { comparison } = await compare(text, {})
    const { data, errors } = await ask(stack.edge.url, { documentId: operationIdOf(text) })
    expect({ text, difference: comparison.difference, errors: errors.map(({ path, extensions }) => [path?.join('.'), extensions?.code]) }).toEqual({ text, difference: null, errors: [[place, code]] })
    expect(Object.keys(data)).toEqual(['held', 'lacking'])
    expect({ text, held: data.held }).not.toMatchObject({ held: null })
  }
}, 120_000)

test(`random operations mean the same at the store's node as at the gateway (seed ${seed}: ${queryCount} operations, ${rounds} rounds)`, async () => {
  let asks = 0
  let whole = 0
  let told = 0
  const tellers = new Set<RandomQuery>()
  for (let round = 0; round < rounds; round += 1) {
    const random = new Random(seed * 1_000 + round)
    if (round > 0) await writeSomething(stack, storage, pool, random)
    const last = round === rounds - 1
    const asked = (last ? [...queries, ...fields] : queries).map((query) => ({ query, variables: query.variables(random) }))
    const position = await comeToRest(stack, storage, probe, `${round}`)
    const results = await inParallel(asked, askBoth)
    // What chance has not brought about yet is tried for in the end.
    for (let tries = last ? mostTries : 0; tries > 0; tries -= 1) {
      const silent = owed.filter((query) => !tellers.has(query) && !results.some((result) => result.query === query && result.comparison.whole && tells(result.data)))
      if (silent.length === 0) break
      results.push(...(await inParallel(silent.map((query) => ({ query, variables: query.variables(random) })), askBoth)))
    }
    expect(await positionAtRest(stack, storage, probe)).toBe(position)
    for (const { data } of results) pool.cursors.collect(data)
    const differing = results.filter(({ comparison }) => comparison.difference !== null)
    if (differing.length > 0) throw new Error(await report(differing, round))
    asks += results.length
    whole += results.filter(({ comparison }) => comparison.whole).length
    for (const { query, comparison, data } of results) if (comparison.whole && tells(data)) tellers.add(query)
    told += results.filter(({ data }) => data !== null).length
  }
  expect(owed.filter((query) => !tellers.has(query)).map(({ text }) => text)).toEqual([])
  // Two servers that refuse everything would agree as well.
  expect(whole / asks).toBeGreaterThan(0.5)
  expect(told / asks).toBeGreaterThan(0.5)
}, 600_000)

/** Operations with a field that only the cloud answers. */
const ofTheCloud = ['MovementHistory', 'MyRecommendations', 'WhereInStock']
/** Enough for what one variable in thirty brings about. */
const mostTries = 300

async function askBoth({ query, variables }: { readonly query: RandomQuery; readonly variables: Record<string, Value> }): Promise<Result & { readonly data: unknown }> {
  return { query, variables, ...(await compare(query.text, variables)) }
}

function valuesOf({ inputs }: FieldQuery, random: Random): Record<string, Value> {
  return Object.fromEntries([...inputs].flatMap(([variable, { input, place }]) => {
    const value = chooseValue(input, place, pool, random)
    return value === undefined ? [] : [[variable, value]]
  }))
}

/** Whether there is anything in it. */
function tells(data: unknown): boolean {
  return typeof data === 'object' && data !== null ? Object.values(data).some(tells) : data !== null
}

function refusals(): { readonly text: string; readonly code: string; readonly place: string }[] {
  const [product = ''] = pool.products.slice(-1)
  const [other = ''] = pool.otherStores
  const [freezer = ''] = pool.freezers
  const held = `held: store(id: "${pool.storeId}") { id name }`
  const before = new Date(pool.midnight - 60 * dayMs).toISOString()
  return [
    { code: 'CLOUD_ONLY', place: 'lacking.nearestAvailability', text: `{ ${held} lacking: product(id: "${product}") { nearestAvailability(near: { latitude: 50, longitude: 4 }) { onHand } } }` },
    { code: 'CLOUD_ONLY', place: 'lacking.movements', text: `{ ${held} lacking: store(id: "${pool.storeId}") { movements(first: 2) { nodes { id } } } }` },
    { code: 'OUT_OF_SCOPE', place: 'lacking.stock', text: `{ ${held} lacking: store(id: "${other}") { id stock(first: 2) { totalCount } } }` },
    { code: 'OUT_OF_SCOPE', place: 'lacking.price', text: `{ ${held} lacking: product(id: "${product}") { name price(storeId: "${other}") { amount { amount } } } }` },
    { code: 'OUT_OF_SCOPE', place: 'lacking', text: `{ ${held} lacking: device(id: "no such device") { id } }` },
    { code: 'OUT_OF_RETENTION', place: 'lacking.readings', text: `{ ${held} lacking: device(id: "${freezer}") { readings(metric: "temperature", from: "${before}", to: "${before}") { at } } }` },
  ]
}

async function compare(text: string, variables: Record<string, Value>): Promise<{ comparison: Comparison; data: unknown }> {
  const [cloud, store] = await Promise.all([ask(stack.gateway.url, { query: text, variables }), ask(stack.edge.url, { documentId: operationIdOf(text), variables })])
  return { comparison: compareAnswers(cloud, store, pool.storeId), data: cloud.dataText === '' ? null : (JSON.parse(cloud.dataText) as unknown) }
}

interface Result {
  readonly query: RandomQuery
  readonly variables: Record<string, Value>
  readonly comparison: Comparison
}

/** Names all that differ, and shows the first one made as small as it goes. */
async function report(differing: readonly Result[], round: number): Promise<string> {
  const [first] = differing
  if (first === undefined) return ''
  let { query: { text }, comparison: { difference } } = first
  for (;;) {
    const candidates = oneStepSmaller(schema, text)
    await stack.restartEdge(await manifestOf('reduced', candidates))
    const results = await inParallel(candidates, async (candidate) => ({ candidate, ...(await compare(candidate, first.variables)) }))
    const smaller = results.find(({ comparison }) => comparison.difference !== null)
    if (smaller === undefined) break
    text = smaller.candidate
    difference = smaller.comparison.difference
  }
  const names = differing.map(({ query }) => query.name).join(', ')
  return `seed ${seed}, round ${round}: ${differing.length} of ${queries.length} operations differ (${names}).\n${text}\nvariables ${JSON.stringify(first.variables)}\n${difference}`
}

/** A manifest of these documents and the committed operations. */
async function manifestOf(name: string, texts: readonly string[]): Promise<string> {
  const committed = JSON.parse(await readFile(schemaFile('manifest.json'), 'utf8')) as { operations: readonly object[] }
  const operations = texts.map((body, index) => ({ id: operationIdOf(body), name: `${name}${index}`, type: 'query', body }))
  const file = join(folder, `${name}.json`)
  await writeFile(file, JSON.stringify({ ...committed, operations: [...committed.operations, ...operations] }))
  return file
}

async function inParallel<Item, Outcome>(items: readonly Item[], work: (item: Item) => Promise<Outcome>): Promise<Outcome[]> {
  const results: Outcome[] = []
  const queue = items.entries()
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (const [index, item] of queue) results[index] = await work(item)
    }),
  )
  return results
}
