import { connect } from 'node:net'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { type Federation, startFederation } from '../testing/federation.ts'

/** Answers nothing until it is opened, so that everything asked before is in flight together. */
function createGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: () => resolve() }
}

let gate = createGate()
let touched = 0
beforeEach(() => {
  gate = createGate()
})

const definitions = {
  things: {
    sdl: 'type Query { thing(id: ID = "1"): Thing  other: Thing }  type Mutation { touch: Int }  type Thing @key(fields: "id") { id: ID!  tags: [Tag!]! }  type Tag { name: String }',
    resolvers: {
      Query: {
        thing: async (_: unknown, { id }: { id: string }) => {
          await gate.opened
          return { id, tags: [{ name: 'a' }, { name: 'b' }] }
        },
      },
      Mutation: {
        touch: async () => {
          await gate.opened
          return ++touched
        },
      },
    },
  },
  sizes: {
    sdl: 'type Thing @key(fields: "id") { id: ID!  size: Int }',
    resolvers: { Thing: { __resolveReference: (thing: object) => thing, size: () => 7 } },
  },
}
type Graph = Federation<keyof typeof definitions>

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}

/** How often the gateway says that it shared work. */
async function shared(graph: Graph, kind: string): Promise<number> {
  const text = await graph.context.metrics.metrics()
  return Number(new RegExp(`graphql_shared_total\\{[^}]*kind="${kind}"[^}]*\\} (\\d+)`).exec(text)?.[1] ?? 0)
}

const counts = (graph: Graph): number[] => [graph.subgraphs.things.received.length, graph.subgraphs.sizes.received.length]
const query = 'query Thing($id: ID) { thing(id: $id) { size tags { name } } }'
const answer = { thing: { size: 7, tags: [{ name: 'a' }, { name: 'b' }] } }

/** Lets the subgraph answer once `received` requests have reached it and all others were joined to those. */
async function inFlightTogether(graph: Graph, kind: string, asking: readonly Promise<{ data: unknown }>[], received: number): Promise<unknown[]> {
  while ((await shared(graph, kind)) < asking.length - received || graph.subgraphs.things.received.length < received) await new Promise(setImmediate)
  gate.open()
  return (await Promise.all(asking)).map(({ data }) => data)
}

describe('equal queries in flight', () => {
  test('are executed once, and no longer once they are over', async () => {
    await using graph = await startFederation(definitions)
    const answers = await inFlightTogether(graph, 'query', [graph.ask(query, { id: '1' }), graph.ask(query, { id: '1' }), graph.ask(query, { id: '1' })], 1)
    expect(answers).toEqual([answer, answer, answer])
    expect(counts(graph)).toEqual([1, 1])
    await graph.ask(query, { id: '1' })
    expect(counts(graph)).toEqual([2, 2])
  })

  test('are not equal under other variables or other headers', async () => {
    await using graph = await startFederation(definitions)
    const asking = [graph.ask(query, { id: '1' }), graph.ask(query, { id: '2' }), graph.ask(query, { id: '1' }, { authorization: 'Bearer a' }), graph.ask(query, { id: '1' }, { authorization: 'Bearer b' })]
    await inFlightTogether(graph, 'query', asking, 4)
    expect(counts(graph)).toEqual([4, 4])
    expect(new Set(graph.subgraphs.things.received.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer a', 'Bearer b', undefined]))
    expect(new Set(graph.subgraphs.sizes.received.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer a', 'Bearer b', undefined]))
  })

  test('are equal though each request has its own headers for tracing, of which the subgraphs get one', async () => {
    await using graph = await startFederation(definitions)
    const tracing = (id: string): Record<string, string> => ({ authorization: 'Bearer a', traceparent: `00-${id}`, 'x-request-id': id })
    const answers = await inFlightTogether(graph, 'query', [graph.ask(query, { id: '1' }, tracing('1')), graph.ask(query, { id: '1' }, tracing('2'))], 1)
    expect(answers).toEqual([answer, answer])
    expect(counts(graph)).toEqual([1, 1])
    expect(graph.subgraphs.sizes.received[0]?.headers).toMatchObject({ authorization: 'Bearer a', 'x-request-id': expect.stringMatching(/^[12]$/) })
  })

  test('are told apart by any other header that subgraphs receive', async () => {
    await using graph = await startFederation(definitions, { propagateHeader: ['x-tenant', 'x-request-id'], traceHeader: [] })
    const asking = [{ 'x-tenant': 'a' }, { 'x-tenant': 'b' }, { 'x-request-id': '1' }, { 'x-request-id': '2' }].map((headers) => graph.ask(query, { id: '1' }, headers as Record<string, string>))
    await inFlightTogether(graph, 'query', asking, 4)
    expect(counts(graph)).toEqual([4, 4])
  })

  test('are not joined by who asks after a mutation was answered', async () => {
    await using graph = await startFederation({ ...definitions, marks: { sdl: 'type Mutation { mark: Int }  type Query { marked: Int }', resolvers: { Mutation: { mark: () => 1 } } } })
    const early = graph.ask(query, { id: '1' })
    await until(() => graph.subgraphs.things.received.length === 1)
    expect((await graph.ask('mutation { mark }')).data).toEqual({ mark: 1 })
    const late = graph.ask(query, { id: '1' })
    await until(() => graph.subgraphs.things.received.length === 2)
    gate.open()
    expect((await Promise.all([early, late])).map(({ data }) => data)).toEqual([answer, answer])
  })

  test('go on for the others when one client leaves', async () => {
    await using graph = await startFederation(definitions)
    const { port, hostname } = new URL(graph.url)
    const body = JSON.stringify({ query, variables: { id: '1' } })
    const leaving = connect(Number(port), hostname)
    // The other client, fetch, sends this header too, and subgraphs receive it.
    leaving.write(`POST /graphql HTTP/1.1\r\nHost: x\r\nAccept-Language: *\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await until(() => graph.subgraphs.things.received.length === 1)
    const staying = graph.ask(query, { id: '1' })
    while ((await shared(graph, 'query')) < 1) await new Promise(setImmediate)
    leaving.destroy()
    // Whoever was told of the departure has been told once another request has made its whole way.
    await graph.ask('{ __typename }')
    gate.open()
    expect((await staying).data).toEqual(answer)
    expect(counts(graph)).toEqual([1, 1])
  })
})

describe('mutations', () => {
  test('are never joined', async () => {
    await using graph = await startFederation(definitions)
    touched = 0
    const asking = [graph.ask('mutation { touch }'), graph.ask('mutation { touch }')]
    await inFlightTogether(graph, 'query', [], 2)
    expect((await Promise.all(asking)).map(({ data }) => data)).toEqual(expect.arrayContaining([{ touch: 1 }, { touch: 2 }]))
  })
})

describe('equal requests to a subgraph', () => {
  const one = 'query One($id: ID) { thing(id: $id) { size tags { name } } }'

  test('are sent once, and every asker gets an answer of its own', async () => {
    await using graph = await startFederation(definitions, { shareQueries: false })
    const answers = await inFlightTogether(graph, 'subgraph_request', [graph.ask(one, { id: '1' }), graph.ask(one, { id: '1' })], 1)
    expect(answers).toEqual([answer, answer])
    expect(graph.subgraphs.things.received).toHaveLength(1)
  })

  test('are sent each when both ways of sharing are switched off', async () => {
    await using graph = await startFederation(definitions, { shareQueries: false, shareSubgraphRequests: false })
    const asking = [graph.ask(one, { id: '1' }), graph.ask(one, { id: '1' })]
    await until(() => graph.subgraphs.things.received.length === 2)
    gate.open()
    expect((await Promise.all(asking)).map(({ data }) => data)).toEqual([answer, answer])
    expect(counts(graph)).toEqual([2, 2])
  })

  test('never cross callers', async () => {
    await using graph = await startFederation(definitions, { shareQueries: false })
    const asking = [graph.ask(one, { id: '1' }, { authorization: 'a' }), graph.ask(one, { id: '1' }, { authorization: 'b' })]
    await inFlightTogether(graph, 'subgraph_request', asking, 2)
    expect(counts(graph)).toEqual([2, 2])
  })
})
