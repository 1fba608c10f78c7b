import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { buildASTSchema, isNonNullType } from 'graphql'
import { publicSchema } from '../../../schema/compose.ts'
import { readSubgraph, schemaFile, subgraphs } from '../../../schema/files.ts'
import { operationIdOf } from '../../../schema/manifest.ts'
import { fieldQueries, type FieldQuery } from '../../../test/differential/fields.ts'
import { jsonOf } from '../compile/json-text.ts'
import { MemoryCloud } from '../data/testing/memory-cloud.ts'
import { eventually, scratchFolder } from '../data/testing/conditions.ts'
import { mergeDefinitions } from '../schema/merge.ts'
import type { PreparedOperation } from '../serve/documents.ts'
import { answeringNode, everybody, type AnsweringNode } from '../testing/answering-node.ts'
import { firstRows, happens, hasAll, rowChanges, worldTimes, type WorldTimes } from '../testing/row-changes.ts'
import { ReadSlots } from './read-slots.ts'

/** What is asked for where an argument matters: each but the first by itself. Undefined leaves it out, where that is allowed. */
function choices({ began, held }: WorldTimes): Readonly<Record<string, readonly unknown[]>> {
  const at = (instant: number): string => new Date(instant).toISOString()
  return {
    id: ['p0', 'p7'], 'Query.store.id': ['S1'], 'Query.device.id': ['d0', 'p7'], ids: [['p0', 'p1', 'p7']], productIds: [['p0']], storeId: ['S1', undefined], parentId: [undefined, 'c0'],
    query: ['tea', 'grene tea'], prefix: ['gr', 'te'], near: [{ latitude: 50, longitude: 4 }, undefined], groupBy: ['STORE', 'CATEGORY', 'BRAND', 'PRODUCT'], customerId: ['x'],
    'Query.stores.first': [2], metric: ['temperature'], from: [at(began), at(held)], to: [at(began + 2 * 3_600_000)], bucket: [undefined, 'PT1H'], first: [undefined, 1], kind: [undefined, 'FREEZER'],
    sort: [undefined, 'NAME', 'PRICE_ASC'], 'Query.search.filter': [undefined, { inStock: true }, { maxPrice: '2.50' }, { categoryIds: ['c0'] }, { brands: ['Acme'] }],
    'Store.stock.filter': [undefined, { productIds: ['p0'] }, { statuses: ['IN_STOCK'] }],
  }
}

/** Of these the graph tells nothing. */
const untold = ['stock.order_up_to', 'edge_operation.payload_hash', 'writes delivered', 'refused writes delivered']
/** The same without a cursor. */
const unchanging = ['PageInfo.hasPreviousPage']

interface Question {
  readonly field: string
  readonly operation: PreparedOperation
  readonly variables: Record<string, unknown>
}

test('whatever changes, alone, moves a tag of every answer that it changes', async () => {
  using folder = scratchFolder()
  const times = worldTimes()
  const cloud = new MemoryCloud('S1')
  cloud.clock = () => times.began
  cloud.put(...firstRows(times))
  const schema = buildASTSchema(publicSchema(await readFile(schemaFile('supergraph.graphql'), 'utf8')))
  const { cloudOnly } = mergeDefinitions(await Promise.all(subgraphs.map(async ({ name }) => ({ name, typeDefs: await readSubgraph(name), resolvers: {} }))))
  const queries = fieldQueries(schema, cloudOnly)
  await using node = await answeringNode({ directory: folder.path, cloud, manifest: await manifestOf(folder.path, queries) })
  await eventually(() => hasAll(node, cloud), 'the first copy')
  const questions = queries.flatMap((query) => questionsOf(query, node, times))
  const { moves } = node.data
  const ask = async ({ operation, variables }: Question): Promise<{ text: string; reads: ReadSlots; since: number }> => {
    const since = moves.clock
    const reads = new ReadSlots()
    const { data, errors } = await node.executor.run(operation, variables, everybody, reads)
    return { text: `${jsonOf(data)} ${JSON.stringify(errors)}`, reads, since }
  }

  const answers = new Map(await Promise.all(questions.map(async (question) => [question, await ask(question)] as const)))
  const stale: string[] = []
  const felt = new Set<string>()
  const seen = new Set<string>()
  for (const change of rowChanges(cloud, times)) {
    await happens(change, node, cloud)
    for (const [question, before] of answers) {
      const now = await ask(question)
      answers.set(question, now)
      if (now.text === before.text) continue
      felt.add(change.name)
      seen.add(question.field)
      if (before.reads.keepable && moves.newest(before.reads.slots()) <= before.since) stale.push(`${change.name}: ${question.operation.source} ${JSON.stringify(question.variables)}\n${before.text}\n${now.text}`)
    }
  }
  expect({
    stale,
    unfelt: [...new Set(rowChanges(cloud, times).map(({ name }) => name))].filter((name) => !felt.has(name)),
    unseen: [...new Set(queries.map(({ field }) => field))].filter((field) => !seen.has(field) && !cloudOnly.has(field)),
  }).toEqual({ stale: [], unfelt: untold, unseen: unchanging })
}, 120_000)

async function manifestOf(folder: string, queries: readonly FieldQuery[]): Promise<string> {
  const file = join(folder, 'manifest.json')
  const operations = queries.map(({ name, text }) => ({ id: operationIdOf(text), name, type: 'query', body: text }))
  await writeFile(file, JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }))
  return file
}

/** What is read of the same page as its edges. */
const ofTheirPage = /Connection.(nodes|pageInfo)$/

/** With the first choice of each argument, and with each of its others where the field is the argument's own, or an object next to it. */
function questionsOf({ field, isObject, name, inputs }: FieldQuery, node: AnsweringNode, times: WorldTimes): Question[] {
  const known = choices(times)
  const options = [...inputs].map(([variable, { input, place, before }]) => {
    const values = (known[`${place.field}.${place.name}`] ?? known[place.name] ?? [undefined]).filter((value) => value !== undefined || !isNonNullType(input.type))
    return [variable, before === 0 || (before === 1 && isObject && !ofTheirPage.test(field)) ? values : values.slice(0, 1)] as const
  })
  const usual = Object.fromEntries(options.map(([variable, [value]]) => [variable, value]))
  const others = options.flatMap(([variable, [, ...values]]) => values.map((value) => ({ ...usual, [variable]: value })))
  return [usual, ...others].map((variables) => ({ field, operation: node.operation(name), variables }))
}
