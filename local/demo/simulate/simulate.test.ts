import { EventEmitter, on } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { buildASTSchema, parse, validate, type GraphQLSchema } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/http'
import { z } from 'zod'
import { createRoleContext } from '../../../runtime/role.ts'
import { composeSupergraph, publicSchema } from '../../../schema/compose.ts'
import { createClient, Refused } from './client.ts'
import type { SimulatedStore } from './learn.ts'
import * as documents from './operations.ts'
import { Planner, traffic, type Happening } from './plan.ts'
import { startSimulation } from './simulation.ts'

const noon = Date.parse('2026-06-10T12:00:00Z')

function stores(onHand = 40): SimulatedStore[] {
  return ['a', 'b'].map((id) => {
    const levels = new Map(Array.from({ length: 30 }, (_, at) => [`P${at}`, { onHand, reorderPoint: 5 }]))
    return { id, timezone: 'Europe/Paris', devices: [{ id: `${id}-freezer`, kind: 'FREEZER' }, { id: `${id}-display`, kind: 'DISPLAY' }, { id: `${id}-till`, kind: 'POS' }], levels, productIds: [...levels.keys()] }
  })
}

const partner = (productId: string): string => `P${(Number(productId.slice(1)) + 1) % 30}`

/** The next happenings of a world in which every movement is applied. */
async function play(seed: string, count: number, world = stores()): Promise<Happening[]> {
  const planner = new Planner(world, async (productId) => [partner(productId)], seed)
  const played: Happening[] = []
  for (let at = 0; at < count; at += 1) {
    const happening = await planner.next(noon + at * 1000)
    played.push(happening)
    if (happening.kind === 'movement') planner.moved(happening.store, happening.productId, (happening.store.levels.get(happening.productId)?.onHand ?? 0) + happening.quantity)
  }
  return played
}

describe('the plan', () => {
  const outline = (list: readonly Happening[]): unknown[] => list.map((happening) => (happening.kind === 'readings' ? happening : { ...happening, store: happening.store.id }))

  test('is the same for the same seed and world, and another for another seed', async () => {
    const first = outline(await play('x', 500))
    expect(outline(await play('x', 500))).toEqual(first)
    expect(outline(await play('y', 500))).not.toEqual(first)
  })

  test('has sales, receipts, prices, temperatures and signs of life, and never sells what is not there', async () => {
    const world = stores(8)
    const played = await play('x', 3000, world)
    const movements = played.filter((happening) => happening.kind === 'movement')
    expect(new Set(movements.map(({ movement }) => movement))).toEqual(new Set(['SALE', 'RECEIPT']))
    for (const { movement, quantity } of movements) expect(Math.sign(quantity)).toBe(movement === 'SALE' ? -1 : 1)
    for (const store of world) for (const { onHand } of store.levels.values()) expect(onHand).toBeGreaterThanOrEqual(0)
    expect(played.some(({ kind }) => kind === 'price')).toBe(true)
    const readings = played.filter((happening) => happening.kind === 'readings')
    expect(new Set(readings.map(({ deviceId, readings: list }) => `${deviceId} ${list.map(({ metric }) => metric).join()}`))).toEqual(
      new Set(['a-freezer temperature', 'a-display ', 'b-freezer temperature', 'b-display ']),
    )
  })

  test('puts into a basket what the graph says is bought together', async () => {
    const sales = (await play('x', 3000)).filter((happening) => happening.kind === 'movement')
    const pairs = sales.slice(1).filter((sale, at) => sales[at]?.store === sale.store && [partner(sale.productId), sale.productId].includes(partner(sales[at]?.productId ?? '')))
    expect(pairs.length / sales.length).toBeGreaterThan(0.15)
  })

  test('follows the clock of the store', () => {
    expect(traffic('Europe/Paris', noon)).toBeGreaterThan(traffic('Europe/Paris', noon - 9 * 3_600_000))
    expect(traffic('America/New_York', noon - 3_600_000)).toBe(traffic('Europe/Paris', noon - 9 * 3_600_000))
  })
})

interface TestGateway extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Operation ids in the order in which they arrived, repeats included. */
  readonly operationIds: string[]
}

let schema: Promise<GraphQLSchema> | undefined

/** Serves the real public schema with the few answers that the simulation asks for. Answers 503 to the first `failing` mutations, after taking them. */
async function serveGraph(port = 0, failing = 0): Promise<TestGateway> {
  schema ??= composeSupergraph().then((supergraph) => buildASTSchema(publicSchema(supergraph)))
  const operationIds: string[] = []
  const level = { product: { id: 'P1' }, onHand: 20, reorderPoint: 5 }
  const pageInfo = { hasNextPage: false, hasPreviousPage: false, endCursor: null }
  const payload = { userErrors: [], operationId: '', availability: level, accepted: 1 }
  const taken = ({ input: { operationId } }: { input: { operationId: string } }): typeof payload => {
    operationIds.push(operationId)
    return payload
  }
  const store = { id: 'S1', timezone: 'Europe/Paris', devices: { nodes: [{ id: 'D1', kind: 'FREEZER' }] }, stock: { nodes: [level], pageInfo } }
  const rootValue = {
    stores: { nodes: [store], pageInfo },
    store,
    product: { id: 'P1', boughtTogether: [], price: { amount: { amount: '2.49', currencyCode: 'EUR' }, listAmount: null } },
    recordStockMovement: taken,
    reportReadings: taken,
    setPrice: taken,
  }
  const handler = createHandler({ schema: await schema, rootValue })
  let left = failing
  const server: Server = createServer((request, response) => {
    if (left > 0) {
      left -= 1
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        const { variables } = z.object({ variables: z.object({ input: z.object({ operationId: z.string() }).optional() }) }).parse(JSON.parse(Buffer.concat(chunks).toString()))
        if (variables.input !== undefined) operationIds.push(variables.input.operationId)
        response.writeHead(503).end('{"errors":[{"message":"stopping","extensions":{"code":"SHUTTING_DOWN"}}]}')
      })
      return
    }
    void handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const own = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${own}/graphql`,
    port: own,
    operationIds,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('every document is valid in the schema that the gateway shows', async () => {
  const graph = buildASTSchema(publicSchema(await composeSupergraph()))
  for (const [name, text] of Object.entries(documents)) expect([name, validate(graph, parse(text))]).toEqual([name, []])
})

describe('the client', () => {
  const input = { operationId: 'op-1', deviceId: 'D1', readings: [] }

  test('sends a mutation again under the same operationId until it is answered', async () => {
    await using graph = await serveGraph(0, 2)
    const outages: (string | null)[] = []
    const send = createClient({ url: graph.url, signal: new AbortController().signal, firstPauseMs: 1, onOutage: (outage) => outages.push(outage?.reason ?? null) })
    await send(documents.readingsDocument, { input }, z.unknown())
    expect(graph.operationIds).toEqual(['op-1', 'op-1', 'op-1'])
    expect(outages).toEqual(['stopping', 'stopping', null])
  })

  test('does not repeat what is refused, and stops waiting when told', async () => {
    await using graph = await serveGraph()
    const send = createClient({ url: graph.url, signal: new AbortController().signal })
    await expect(send('{ nothing }', {}, z.unknown())).rejects.toThrow(Refused)
    const stop = new AbortController()
    const gone = createClient({ url: 'http://127.0.0.1:1/graphql', signal: stop.signal, onOutage: () => stop.abort() })
    await expect(gone(documents.storesDocument, {}, z.unknown())).rejects.toThrow(/abort/i)
  })
})

test('the simulation waits for the gateway, sells, outlasts an outage, and stops at once', async () => {
  const { log, health, metrics } = createRoleContext('simulate', 'silent')
  const first = await serveGraph()
  const { port, url } = first
  const happened = new EventEmitter()
  let count = 0
  const more = async (wanted: number): Promise<void> => {
    const goal = count + wanted
    for await (const _ of on(happened, 'one')) if (count >= goal) return
  }
  const onHappened = (): void => {
    count += 1
    happened.emit('one')
  }
  const simulation = startSimulation({ url, rate: 500, seed: 'x', log, health, metrics, onHappened })
  await more(30)
  expect(await health.problems()).toEqual({})
  expect(new Set(first.operationIds).size).toBe(first.operationIds.length)
  await first[Symbol.asyncDispose]()
  await using second = await serveGraph(port)
  await more(30)
  expect(second.operationIds.length).toBeGreaterThan(0)
  await simulation[Symbol.asyncDispose]()
  const after = count
  expect(await metrics.metrics()).toMatch(/aisle_simulated_total\{.*kind="movement",outcome="done".*\} \d+/)
  expect(count).toBe(after)
})
