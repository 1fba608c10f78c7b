import { expect, test } from '@jest/globals'
import { startFederation } from '../testing/federation.ts'

const definitions = { things: { sdl: 'type Query { a: Int }', resolvers: { Query: { a: () => 1 } } } }

test('after being told to stop, requests are still answered for a moment, while balancers are told to go elsewhere', async () => {
  const graph = await startFederation(definitions, { drainGrace: 1_000 })
  const ready = new URL('/health/ready', graph.url)
  expect((await fetch(ready)).status).toBe(200)
  const stopped = graph[Symbol.asyncDispose]()
  while ((await fetch(ready)).status !== 503) await new Promise(setImmediate)
  const answer = await graph.ask('{ a }')
  expect([answer.data, answer.headers.get('connection')]).toEqual([{ a: 1 }, 'close'])
  await stopped
  await expect(fetch(ready)).rejects.toThrow()
})

test('without a grace it stops accepting at once', async () => {
  const graph = await startFederation(definitions)
  expect((await graph.ask('{ a }')).data).toEqual({ a: 1 })
  await graph[Symbol.asyncDispose]()
  await expect(graph.ask('{ a }')).rejects.toThrow()
})
