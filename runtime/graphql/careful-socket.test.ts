import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from '@jest/globals'
import { WebSocket, WebSocketServer } from 'ws'
import { closeServer, listen } from '../server.ts'
import { CarefulSocket } from './careful-socket.ts'

test('a message that nests too deeply, one that is too large, and a broken frame close a socket without being read or told', async () => {
  const server = createServer()
  const sockets = new WebSocketServer({ server, WebSocket: CarefulSocket, maxPayload: 500_000 })
  const port = await listen(server, 0, '127.0.0.1')
  const read: string[] = []
  const told: unknown[] = []
  sockets.on('connection', (socket) => {
    socket.on('message', (message: Buffer) => void read.push(message.toString()))
    socket.on('error', (error) => void told.push(error))
  })
  const closeOf = async (...messages: readonly string[]): Promise<unknown> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`)
    await once(socket, 'open')
    for (const message of messages) socket.send(message)
    const [code] = (await once(socket, 'close')) as [number]
    return code
  }
  expect(await closeOf('{"fine":[1]}', '['.repeat(100_000))).toBe(4400)
  expect(await closeOf('x'.repeat(600_000))).toBe(1009)
  expect([read, told]).toEqual([['{"fine":[1]}'], []])
  sockets.close()
  await closeServer(server, 0)
})
