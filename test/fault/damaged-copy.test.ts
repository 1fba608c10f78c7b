import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { sale } from '../../edge-cache/node/data/testing/node.ts'
import { deliveryOf } from '../../edge-cache/node/http-delivery.ts'
import { HttpOrigin } from '../../edge-cache/node/http-origin.ts'
import { logSourceOf } from '../../edge-cache/node/http-source.ts'
import { answeringNode, everybody, type AnsweringNode } from '../../edge-cache/node/testing/answering-node.ts'
import { startTestOrigin, type TestOrigin } from '../../edge-cache/origin/testing/test-origin.ts'
import { AisleError } from '../../runtime/errors.ts'
import { putStock, putStore } from '../../subgraphs/log/testing/test-log.ts'
import type { LogSource } from '../../subgraphs/log/source.ts'
import { until } from '../environment/wait.ts'

const storeId = 'S1'

/** A way to the cloud over which digests pass, and rows only while it is mending. */
function cloudOf({ url }: TestOrigin) {
  const origin = new HttpOrigin({ origin: url, storeId })
  const http = logSourceOf(origin)
  const { ranges } = http
  if (ranges === undefined) throw new Error('An origin compares ranges.')
  const way = { mends: true }
  const source: LogSource = {
    ...http,
    ranges: {
      digests: (...question) => ranges.digests(...question),
      rows: (...question) => (way.mends ? ranges.rows(...question) : Promise.reject(new AisleError('ORIGIN_UNREACHABLE'))),
    },
  }
  return { storeId, way, source, delivery: deliveryOf(origin), [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose]() }
}

interface Answered {
  readonly data: { readonly products?: readonly ({ readonly name: string; readonly availability: { readonly onHand: number } | null } | null)[] } | null
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[]
}

async function ask(node: AnsweringNode, name: string, variables: Record<string, unknown>): Promise<Answered> {
  const { bytes } = await node.answers.answer({ operation: node.operation(name), variables, caller: everybody, alias: null })
  return JSON.parse(`${Buffer.from(bytes, 'latin1').toString('utf8')}}`) as Answered
}

const codes = ({ errors = [] }: Answered): string[] => [...new Set(errors.map(({ extensions: { code } }) => code))]

async function furnishedOrigin(): Promise<TestOrigin> {
  const origin = await startTestOrigin()
  await origin.log.write(
    putStore(storeId),
    "insert into product (id, name) select 'p' || lpad(i::text, 4, '0'), 'Product ' || i from generate_series(1, 1000) i",
    `insert into stock (store_id, product_id, on_hand, updated_at) select '${storeId}', 'p' || lpad(i::text, 4, '0'), i, 0 from generate_series(1, 1000) i`,
  )
  return origin
}

test('rows that are not the cloud\'s any more are never shown once that is found, over a restart too; all else is, and writes are kept', async () => {
  using folder = scratchFolder()
  await using origin = await furnishedOrigin()
  await using cloud = cloudOf(origin)
  const product = (node: AnsweringNode, id: string) => ask(node, 'AppProduct', { ids: [id], storeId })
  const open = () => answeringNode({ directory: folder.path, cloud, dataOptions: { checkEveryMs: 400 } })
  {
    await using node = await open()
    await until('the first copy', () => node.data.status().position !== null)
    expect((await product(node, 'p0500')).data?.products?.[0]?.name).toBe('Product 500')
    cloud.way.mends = false
    {
      using vandal = new DatabaseSync(join(folder.path, 'replica.db'))
      vandal.exec("update product set name = 'Something else' where id = 'p0500'; delete from product where id = 'p0501'")
    }
    await until('the damage to be found', async () => codes(await product(node, 'p0501')).includes('COPY_DAMAGED'))
    // Also what was answered before, and is kept as bytes.
    expect(codes(await product(node, 'p0500'))).toEqual(['COPY_DAMAGED'])
    expect(codes(await ask(node, 'AppSearch', { query: 'product', storeId, inStock: false }))).toEqual(['COPY_DAMAGED'])
    const elsewhere = await product(node, 'p0100')
    expect([codes(elsewhere), elsewhere.data?.products?.[0]]).toEqual([[], expect.objectContaining({ name: 'Product 100', availability: expect.objectContaining({ onHand: 100 }) })])
    // The copy knows of no such product any more; that says nothing.
    const kept = await node.data.inventory.recordMovement({ ...sale('p0501', -1), storeId }, { principal: 'till', now: Date.now() })
    expect(kept).toMatchObject({ pending: true, userErrors: [] })
  }
  expect(existsSync(join(folder.path, 'replica.db.damage'))).toBe(true)
  await using node = await open()
  expect(codes(await product(node, 'p0500'))).toEqual(['COPY_DAMAGED'])
  expect(codes(await product(node, 'p0100'))).toEqual([])
  expect(node.data.status().state).not.toBe('online')
  cloud.way.mends = true
  await until('the copy to be mended', async () => codes(await product(node, 'p0500')).length === 0)
  expect((await product(node, 'p0500')).data?.products?.[0]?.name).toBe('Product 500')
  await until('the write to come back', async () => (await product(node, 'p0501')).data?.products?.[0]?.availability?.onHand === 500)
  expect(existsSync(join(folder.path, 'replica.db.damage'))).toBe(false)
  await until('the state to be online', () => node.data.status().state === 'online')
})

test('levels that are shown otherwise than the copy has them are found, held back, and mended', async () => {
  using folder = scratchFolder()
  await using origin = await furnishedOrigin()
  await using cloud = cloudOf(origin)
  await using node = await answeringNode({ directory: folder.path, cloud, dataOptions: { checkEveryMs: 400 } })
  const level = (id: string) => ask(node, 'AppProduct', { ids: [id], storeId })
  await until('the first copy', () => node.data.status().position !== null)
  // What is pending is no damage.
  await node.data.inventory.recordMovement({ ...sale('p0001', 5), storeId }, { principal: 'till', now: Date.now() })
  {
    using vandal = new DatabaseSync(join(folder.path, 'replica.db'))
    vandal.exec("update shown_stock set on_hand = on_hand + 1024 where product_id = 'p0007'")
  }
  // It may be mended before anybody asks; what is answered from then on is right.
  await until('the damage to be mended', async () => (await level('p0007')).data?.products?.[0]?.availability?.onHand === 7)
  await until('the write to come back', async () => (await level('p0001')).data?.products?.[0]?.availability?.onHand === 6)
  await origin.log.write(putStock(storeId, 'p0007', 9))
  await until('the log to be followed', async () => (await level('p0007')).data?.products?.[0]?.availability?.onHand === 9)
})
