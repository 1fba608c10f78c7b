import { expect, test } from '@jest/globals'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { ConnectionPool } from './pool.ts'
import type { Connection, Waiting } from './connection.ts'

/** Someone who waits, and the answer as a promise. */
function waiter(): Waiting & { readonly answer: Promise<string> } {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  promise.catch(() => {})
  return { connection: null as Connection | null, answer: promise, answered: ({ body }) => resolve(body.toString()), failed: reject }
}

const request = 'GET / HTTP/1.1\r\nhost: test\r\n\r\n'
const reply = (body: string, headers = ''): string => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${headers}\r\n${body}`

/** A server that does with each request what the test says, and a pool for it. */
async function startBench(answer: (socket: Socket, turn: number) => void, connections = 2): Promise<{ pool: ConnectionPool; sockets: Set<Socket>; opened: () => number } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  let opened = 0
  let turn = 0
  const server = createServer((socket) => {
    opened++
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket)).on('data', () => answer(socket, turn++))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pool = new ConnectionPool({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, { connections, maxBytes: 1_000, connectMs: 5_000 })
  return {
    pool,
    sockets,
    opened: () => opened,
    async [Symbol.asyncDispose]() {
      pool[Symbol.dispose]()
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function ask(pool: ConnectionPool): ReturnType<typeof waiter> {
  const waiting = waiter()
  pool.send(request, waiting)
  return waiting
}

test('connections are used again, and no more are opened than allowed', async () => {
  await using bench = await startBench((socket, turn) => socket.write(reply(String(turn))))
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(bench.pool).answer))
  expect(new Set(answers).size).toBe(20)
  expect(bench.opened()).toBeLessThanOrEqual(2)
})

test('a server that closes after each answer is asked on new connections', async () => {
  await using bench = await startBench((socket, turn) => socket.end(reply(String(turn), 'connection: close\r\n')))
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask(bench.pool).answer))
  expect(answers.toSorted()).toEqual(['0', '1', '2', '3', '4', '5'])
  expect(bench.opened()).toBe(6)
})

test('an answer whose end is the end of the connection is whole', async () => {
  await using bench = await startBench((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'))
  expect(await ask(bench.pool).answer).toBe('all of it')
})

test('a connection that breaks fails the one who waits on it, and nobody else', async () => {
  await using bench = await startBench((socket, turn) => (turn === 0 ? socket.destroy() : socket.write(reply('fine'))), 1)
  const [first, second] = [ask(bench.pool), ask(bench.pool)]
  await expect(first.answer).rejects.toThrow()
  expect(await second.answer).toBe('fine')
})

test('an answer that nobody wants any more never reaches the next', async () => {
  const held: Socket[] = []
  await using bench = await startBench((socket, turn) => (turn === 0 ? held.push(socket) : socket.write(reply('second'))), 1)
  const first = ask(bench.pool)
  const second = ask(bench.pool)
  while (held.length === 0) await new Promise(setImmediate)
  bench.pool.abandon(first)
  held[0]?.write(reply('first'))
  expect(await second.answer).toBe('second')
  // Leaving again, after all is over, touches nobody's request.
  const third = ask(bench.pool)
  bench.pool.abandon(first)
  bench.pool.abandon(second)
  expect(await third.answer).toBe('second')
})

test('one who leaves while still waiting for a connection is forgotten', async () => {
  const held: Socket[] = []
  let asked = 0
  await using bench = await startBench((socket) => {
    asked++
    held.push(socket)
  }, 1)
  const first = ask(bench.pool)
  const second = ask(bench.pool)
  while (held.length === 0) await new Promise(setImmediate)
  bench.pool.abandon(second)
  held[0]?.write(reply('one'))
  expect(await first.answer).toBe('one')
  expect(asked).toBe(1)
})

test('a connection on which something came that nobody asked for is not used again', async () => {
  await using bench = await startBench((socket, turn) => socket.write(turn === 0 ? reply('one') + reply('forged') : reply('two')), 1)
  expect(await ask(bench.pool).answer).toBe('one')
  expect(await ask(bench.pool).answer).toBe('two')
  expect(bench.opened()).toBe(2)
})

test('where nothing listens, everyone who waits is told', async () => {
  const bench = await startBench(() => {})
  const { pool } = bench
  await bench[Symbol.asyncDispose]()
  using gone = new ConnectionPool({ host: '127.0.0.1', port: 1 }, { connections: 2, maxBytes: 1_000, connectMs: 5_000 })
  const all = await Promise.allSettled(Array.from({ length: 5 }, () => ask(gone).answer))
  expect(all.every(({ status }) => status === 'rejected')).toBe(true)
  await expect(ask(pool).answer).rejects.toThrow('closed')
})
