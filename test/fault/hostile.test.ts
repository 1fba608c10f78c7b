import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildASTSchema, type GraphQLInputType, type GraphQLSchema, getNullableType, isEnumType, isInputObjectType, isListType, Kind, parse, typeFromAST } from 'graphql'
import { demoSource } from '../../local/demo/source.ts'
import { importData } from '../../local/import/import.ts'
import { testDatabase, type TestDatabase } from '../../local/testing/postgres.ts'
import { publicSchema } from '../../schema/compose.ts'
import { schemaFile } from '../../schema/files.ts'
import { openPostgres, type PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { ask, operationIds } from '../environment/client.ts'
import { startStack, type Stack } from '../environment/stack.ts'
import { until } from '../environment/wait.ts'
import { attacks, type Outcome, socketAttacks } from './hostile/attacks.ts'
import { startBesieger } from './hostile/besieger.ts'
import { median, SteadyClient } from './hostile/steady-client.ts'
import { hostileTexts, searchTexts } from './hostile/texts.ts'

let database: TestDatabase
let storage: PostgresStorage
let stack: Stack
let schema: GraphQLSchema
let operations: Awaited<ReturnType<typeof operationIds>>
let known: { readonly storeId: string; readonly productId: string }

beforeAll(async () => {
  database = await testDatabase()
  storage = openPostgres(database.url)
  await importData(demoSource({ products: 120, seed: 'hostile', now: Date.now() }), storage, {})
  const { store_id: storeId, product_id: productId } = await storage.db.selectFrom('stock').select(['store_id', 'product_id']).orderBy('store_id').orderBy('product_id').executeTakeFirstOrThrow()
  known = { storeId, productId }
  schema = buildASTSchema(publicSchema(await readFile(schemaFile('supergraph.graphql'), 'utf8')))
  operations = await operationIds()
  stack = await startStack(database.url, storeId)
}, 180_000)

afterAll(async () => {
  await stack?.[Symbol.asyncDispose]()
  await storage?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
}, 60_000)

/** Every place of a value of this type where a text stands, with `text` put there and something harmless everywhere else. */
function hostileValues(type: GraphQLInputType, text: string): unknown[] {
  const bare = getNullableType(type)
  if (isListType(bare)) return hostileValues(bare.ofType, text).map((item) => [item])
  if (isEnumType(bare)) return []
  if (!isInputObjectType(bare)) return bare.name === 'Int' || bare.name === 'Float' || bare.name === 'Boolean' ? [] : [text]
  const fields = Object.values(bare.getFields())
  const harmless = Object.fromEntries(fields.map((field) => [field.name, harmlessValue(field.type)]))
  return fields.flatMap((field) => hostileValues(field.type, text).map((value) => ({ ...harmless, [field.name]: value })))
}

function harmlessValue(type: GraphQLInputType): unknown {
  const bare = getNullableType(type)
  if (isListType(bare)) return [harmlessValue(bare.ofType)]
  if (isEnumType(bare)) return bare.getValues()[0]?.name
  if (isInputObjectType(bare)) return Object.fromEntries(Object.values(bare.getFields()).map((field) => [field.name, harmlessValue(field.type)]))
  const values: Record<string, unknown> = { Int: 1, Float: 1, Boolean: true, DateTime: '2026-01-01T00:00:00.000Z', Duration: 'PT1H', Decimal: '1.50', CurrencyCode: 'EUR' }
  return values[bare.name] ?? known.storeId
}

interface Hostile {
  readonly name: string
  readonly id: string
  readonly variables: Record<string, unknown>
}

/** Each persisted operation with each hostile text at each place where it takes a text. */
function hostileRequests(): Hostile[] {
  return [...operations].flatMap(([name, { id, type, body }]) => {
    const [operation] = parse(body).definitions
    if (type === 'subscription' || operation?.kind !== Kind.OPERATION_DEFINITION) return []
    const variables = (operation.variableDefinitions ?? []).map(({ variable, type: node }) => ({ name: variable.name.value, type: typeFromAST(schema, node) as GraphQLInputType }))
    const harmless = Object.fromEntries(variables.map((variable) => [variable.name, harmlessValue(variable.type)]))
    return hostileTexts.flatMap((text) => variables.flatMap((variable) => hostileValues(variable.type, text).map((value) => ({ name, id, variables: { ...harmless, [variable.name]: value } }))))
  })
}

/** What a server must not answer to whatever it is asked. */
const faults = /"code":"(INTERNAL_SERVER_ERROR|DATABASE_\w+|SUBGRAPH_\w+|UNEXPECTED_NULL|QUERY_PLANNING_FAILED)"|SQLITE|syntax error at|fts5/i

async function inTurns<Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items]
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }))
}

describe('a text is a text, whatever it means elsewhere', () => {
  test('no operation fails, and nothing is changed, for a text in SQL or FTS syntax', async () => {
    const rows = async (): Promise<unknown> => Promise.all((['product', 'store', 'stock', 'device', 'category'] as const).map((table) => storage.db.selectFrom(table).select(({ fn }) => fn.countAll().as('rows')).executeTakeFirstOrThrow()))
    const before = await rows()
    const found: unknown[] = []
    const requests = hostileRequests()
    expect(requests.length).toBeGreaterThan(800)
    await inTurns(requests, 8, async ({ name, id, variables }) => {
      for (const url of [stack.gateway.url, stack.edge.url]) {
        const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ documentId: id, variables }) })
        const text = await response.text()
        if (response.status >= 500 || faults.test(text)) found.push({ at: url === stack.edge.url ? 'edge' : 'gateway', name, variables: JSON.stringify(variables).slice(0, 300), status: response.status, text: text.slice(0, 400) })
      }
    })
    expect(found.slice(0, 5)).toEqual([])
    expect(await rows()).toEqual(before)
  }, 120_000)

  test.each(searchTexts)('a search for %s is one for its words', async (syntax, words) => {
    for (const url of [stack.gateway.url, stack.edge.url]) {
      const [one, other] = await Promise.all([syntax, words].map((query) => ask(url, { documentId: operations.get('SearchProducts')?.id, variables: { query } })))
      expect(one?.errors).toEqual([])
      expect([one?.data.search?.totalCount, one?.data.search?.nodes]).toEqual([other?.data.search?.totalCount, other?.data.search?.nodes])
    }
  })
})

describe('what is malformed or too much is refused', () => {
  test.each(Object.keys(attacks))('%s', async (name) => {
    for (const url of [stack.gateway.url, stack.edge.url]) {
      const outcome: Outcome = (await attacks[name]?.(url)) ?? { status: 0, codes: [] }
      expect({ url, refused: outcome.status === 0 || outcome.status >= 400 || outcome.codes.length > 0, fault: outcome.status >= 500 || outcome.codes.includes('INTERNAL_SERVER_ERROR'), outcome }).toEqual({ url, refused: true, fault: false, outcome })
    }
    expect(Object.hasOwn(Object.prototype, 'near')).toBe(false)
  })

  test.each(Object.keys(socketAttacks))('over a WebSocket: %s', async (name) => {
    for (const url of [stack.gateway.url, stack.edge.url]) {
      expect((await socketAttacks[name]?.(url))?.status).toBeGreaterThan(1_000)
      expect((await fetch(`${url}/health/live`)).status).toBe(200)
    }
  })
})

/** Bytes that a process keeps, as it says itself. */
async function memoryOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes(?:{[^}]*})? (\S+)/m.exec(text)?.[1])
}

const mega = 1024 * 1024

/** Rounds that are measured at least and at most, and how many times its value p99 may be in more than half of them. */
const leastRounds = 5
const mostRounds = 15
const mostTimes = 2

test.each(['gateway', 'edge'] as const)('a well-behaved client\'s p99 at the %s stays within twice its value in most rounds, quiet and attacked in turn, and memory stays what it was', async (name) => {
  const { url } = stack[name]
  using client = new SteadyClient(url, { documentId: operations.get('ShelfLabel')?.id, variables: known })
  await using besieger = await startBesieger(url)
  const attacked = async (): Promise<{ made: number; p99: number }> => {
    let p99 = 0
    const made = await besieger.during(async () => {
      p99 = await client.window()
    })
    return { made, p99 }
  }
  // What a first round leaves behind (compiled code, caches of a bounded size) is no leak; later ones must add nothing.
  await client.window()
  await attacked()
  await attacked()
  const before = await memoryOf(url)
  const rounds: { quiet: number; during: number; made: number }[] = []
  const held = (): number => rounds.filter(({ quiet, during }) => during <= quiet * mostTimes).length
  while (rounds.length < leastRounds || (rounds.length < mostRounds && held() * 2 <= rounds.length)) {
    // Whatever else this machine does comes and goes: each attacked window is held against the quiet ones right before and after it.
    const quietBefore = await client.window()
    const { made, p99 } = await attacked()
    rounds.push({ quiet: (quietBefore + (await client.window())) / 2, during: p99, made })
  }
  const after = await until('memory to be given back', async () => {
    const bytes = await memoryOf(url)
    return bytes < before * 1.25 + 64 * mega ? bytes : null
  })
  const of = (pick: (round: (typeof rounds)[number]) => number): string => median(rounds.map(pick)).toFixed(1)
  process.stdout.write(`hostile, ${name}: p99 ${of(({ quiet }) => quiet)} ms quiet, ${of(({ during }) => during)} ms attacked, ratio ${of(({ quiet, during }) => during / quiet)} (medians; within ${mostTimes} in ${held()} of ${rounds.length} rounds, ${of(({ made }) => made)} attacks a round); memory ${(before / mega).toFixed(0)} MB, then ${(after / mega).toFixed(0)} MB\n`)
  expect(Math.min(...rounds.map(({ made }) => made))).toBeGreaterThan(5)
  expect(held() / rounds.length).toBeGreaterThan(0.5)
}, 180_000)
