import { expect, jest, test } from '@jest/globals'
import { WebSocket } from 'ws'
import { startFederation } from '../testing/federation.ts'
import { connect, shop, until } from '../testing/shop.ts'

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

test('its subscribers are told that it stops, each as its protocol has it, and one that does not listen holds nothing up', async () => {
  const { listeners, stock, catalog } = shop()
  const graph = await startFederation({ stock, catalog }, { shareSubscriptions: false })
  const [logged, failed] = [jest.spyOn(graph.context.log, 'info'), jest.spyOn(graph.context.log, 'error')]
  const query = 'subscription { stockChanged { left } }'
  const stream = await fetch(graph.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream' }, body: JSON.stringify({ query }) })
  const { client } = connect(graph.url)
  const event = client.iterate({ query }).next()
  const deaf = new WebSocket(graph.url.replace('http', 'ws'), 'graphql-transport-ws')
  await new Promise((resolve) => deaf.once('open', resolve))
  deaf.pause()
  await until(() => listeners.size === 2)
  const stopped = graph[Symbol.asyncDispose]()
  await expect(event).rejects.toMatchObject({ code: 1001, reason: 'Going away' })
  const [last = '', complete] = (await stream.text()).split('\n\n')
  expect(JSON.parse(last.replace('event: next\ndata: ', ''))).toMatchObject({ errors: [{ extensions: { code: 'SHUTTING_DOWN' } }] })
  expect(complete).toBe('event: complete\ndata:')
  await stopped
  // Nothing is wrong with a process that stops when it is told to.
  expect(logged).toHaveBeenCalledWith({ code: 'SHUTTING_DOWN' }, expect.any(String))
  expect(failed).not.toHaveBeenCalled()
  deaf.terminate()
})
