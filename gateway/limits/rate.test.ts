import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { describe, expect, test } from '@jest/globals'
import { createCaller, publicCaller } from '../../runtime/identity/caller.ts'
import { createLogger } from '../../runtime/log.ts'
import { testDatabase } from '../../local/testing/postgres.ts'
import { addressOf, clientOf } from './client.ts'
import { RateLimits } from './rate.ts'
import { RateStore } from './rate-store.ts'

const log = createLogger('limits', 'silent')
const minute = { public: { points: 10, seconds: 60 }, analyst: { points: 100, seconds: 60 } }
const limited = (estimated: number, budget = 10): unknown => expect.objectContaining({ code: 'RATE_LIMITED', details: { retryAfterSeconds: expect.any(Number), cost: { estimated, budget, seconds: 60 } } })

describe('budgets', () => {
  test('each client spends its own, by what operations cost', async () => {
    const rates = new RateLimits(minute, null)
    await rates.charge(publicCaller, 'one', 6)
    await rates.charge(publicCaller, 'one', 0)
    await expect(rates.charge(publicCaller, 'one', 6)).rejects.toEqual(limited(6))
    await rates.charge(publicCaller, 'other', 10)
  })

  test('a role has its own, and who has none of the roles has that of the public', async () => {
    const rates = new RateLimits(minute, null)
    const analyst = createCaller({ subject: 'ann', roles: ['analyst'] })
    await rates.charge(analyst, 'ann', 90)
    await expect(rates.charge(analyst, 'ann', 20)).rejects.toEqual(limited(20, 100))
    await expect(rates.charge(createCaller({ subject: 'sam', roles: ['staff'] }), 'sam', 11)).rejects.toEqual(limited(11))
    await new RateLimits({ analyst: minute.analyst }, null).charge(publicCaller, 'one', 1e9)
  })

  test('replicas count together in Postgres', async () => {
    await using database = await testDatabase()
    await using here = new RateStore(database.url, log, 60_000)
    await using there = new RateStore(database.url, log, 60_000)
    const [one, other] = [new RateLimits(minute, here), new RateLimits(minute, there)]
    await Promise.all([one.charge(publicCaller, 'c', 4), other.charge(publicCaller, 'c', 4)])
    await expect(one.charge(publicCaller, 'c', 4)).rejects.toEqual(limited(4))
    await expect(other.charge(publicCaller, 'c', 1)).rejects.toEqual(limited(1))
    await other.charge(publicCaller, 'd', 1e12).catch((error: unknown) => expect(error).toEqual(limited(1e12)))
  })

  test('replicas that start at the same moment all count in Postgres', async () => {
    await using database = await testDatabase()
    await using stores = new AsyncDisposableStack()
    const replicas = Array.from({ length: 12 }, () => new RateLimits(minute, stores.use(new RateStore(database.url, log, 60_000))))
    await Promise.all(replicas.slice(0, 10).map((replica) => replica.charge(publicCaller, 'c', 1)))
    for (const replica of replicas) await expect(replica.charge(publicCaller, 'c', 1)).rejects.toEqual(limited(1))
  })

  test('a Postgres that is down, or hangs, leaves each replica to count on its own', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    for (const url of ['postgres://a@127.0.0.1:1/a', `postgres://a@127.0.0.1:${port}/a`]) {
      await using store = new RateStore(url, log)
      const rates = new RateLimits(minute, store)
      await rates.charge(publicCaller, 'c', 8)
      await expect(rates.charge(publicCaller, 'c', 8)).rejects.toEqual(limited(8))
    }
    silent.close()
  })
})

describe('who is counted', () => {
  const request = (headers: Record<string, string>, remoteAddress = '10.0.0.9'): IncomingMessage => ({ headers, socket: { remoteAddress } }) as unknown as IncomingMessage
  const forwarded = request({ 'x-forwarded-for': '6.6.6.6, 1.2.3.4, 10.0.0.1', 'x-client': 'shop' })

  test('an address, of which only trusted proxies are believed', () => {
    expect(addressOf(forwarded, 0)).toBe('10.0.0.9')
    expect(addressOf(forwarded, 1)).toBe('10.0.0.1')
    expect(addressOf(forwarded, 2)).toBe('1.2.3.4')
    expect(addressOf(request({}), 1)).toBe('10.0.0.9')
    expect(addressOf(request({}, '::ffff:1.2.3.4'), 0)).toBe('1.2.3.4')
    expect(addressOf(request({}, '2001:db8:1:2:3::4'), 0)).toBe('2001:db8:1:2::/64')
    expect(addressOf(request({}, '2001:db8::9'), 0)).toBe(addressOf(request({}, '2001:db8::8:7'), 0))
  })

  test('a subject, before a client named by a trusted header, before an address', () => {
    const nobody = { proxies: 0, idHeader: null }
    expect(clientOf(forwarded, createCaller({ subject: 'ann' }), { proxies: 0, idHeader: 'x-client' })).toBe('subject "ann"')
    expect(clientOf(forwarded, publicCaller, { proxies: 0, idHeader: 'x-client' })).toBe('client shop')
    expect(clientOf(forwarded, publicCaller, nobody)).toBe('address 10.0.0.9')
    expect(clientOf(forwarded, createCaller({ subject: 'a'.repeat(500) }), nobody).length).toBeLessThan(130)
  })
})
