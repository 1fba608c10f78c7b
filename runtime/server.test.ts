import { createServer } from 'node:http'
import { expect, test } from '@jest/globals'
import { closeServer, listen } from './server.ts'

test('a port that is taken is named, and 0 takes a free one', async () => {
  const [one, other] = [createServer(), createServer()]
  const port = await listen(one, 0, '127.0.0.1')
  expect(port).toBeGreaterThan(0)
  await expect(listen(other, port, '127.0.0.1')).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(String(port)) })
  await closeServer(one)
  expect(await listen(other, port, '127.0.0.1')).toBe(port)
  await closeServer(other)
})
