import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { putProduct, putStock, putStore } from '../../subgraphs/log/testing/test-log.ts'
import { movement, startTestOrigin, type TestOrigin } from '../origin/testing/test-origin.ts'
import { DeliveryRefused } from './data/delivery/client.ts'
import { deliveryOf } from './http-delivery.ts'
import { HttpOrigin } from './http-origin.ts'

const { signal } = new AbortController()
let origin: TestOrigin
beforeAll(async () => {
  origin = await startTestOrigin()
  await origin.log.write(putStore('s1'), putProduct('p1', 'Tea'), putStock('s1', 'p1', 0))
})
afterAll(async () => {
  await origin[Symbol.asyncDispose]()
})

test('tells recorded writes, done or refused, from those that could not be tried', async () => {
  await using http = new HttpOrigin({ origin: origin.url, storeId: 's1' })
  const results = await deliveryOf(http).deliver([movement(1, 2), movement(2, 1, {}, { productId: 'unknown' }), movement(3, 1, { kind: 'recordMiracle' })], signal)
  expect(results).toEqual([
    { incarnation: 'i1', n: 1, recorded: true, reason: null },
    { incarnation: 'i1', n: 2, recorded: true, reason: null },
    { incarnation: 'i1', n: 3, recorded: false, reason: expect.stringContaining('recordMiracle') },
  ])
})

test('tells a request that origin can not use from an origin that is not there', async () => {
  await using http = new HttpOrigin({ origin: origin.url, storeId: 's1' })
  await expect(deliveryOf(http).deliver([{ ...movement(4, 1), n: -1 }], signal)).rejects.toThrow(DeliveryRefused)
  await expect(deliveryOf(http).deliver([movement(5, 1, { principal: 'x'.repeat(5_000_000) })], signal)).rejects.toThrow(DeliveryRefused)
  await using unknown = new HttpOrigin({ origin: origin.url, storeId: 'none' })
  await expect(deliveryOf(unknown).deliver([movement(6, 1)], signal)).rejects.toMatchObject({ code: 'STORE_UNKNOWN' })
  await using nowhere = new HttpOrigin({ origin: 'http://127.0.0.1:1', storeId: 's1' })
  await expect(deliveryOf(nowhere).deliver([movement(7, 1)], signal)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' })
})
