import { describe, expect, test } from '@jest/globals'
import { weathers, type Weather } from '../simulation/link.ts'
import type { SimulatedNode } from '../simulation/node.ts'
import { offer } from '../simulation/workload.ts'
import { World } from '../simulation/world.ts'

const minute = 60_000

function weather(name: string): Weather {
  const found = weathers[name]
  if (found === undefined) throw new Error(`There is no weather ${name}.`)
  return found
}

/** The nodes' own code over SQLite files, on links and clocks whose time is virtual: minutes take milliseconds, and chance comes from a seed. */
async function withNode(story: (world: World, node: SimulatedNode) => Promise<void>): Promise<void> {
  await using world = new World({ seed: 5, note: () => {} })
  const [node] = world.nodes
  if (node === undefined) throw new Error('A world has nodes.')
  await story(world, node)
}

function sell(world: World, node: SimulatedNode): void {
  offer(world, node, world.ledger.add('till', node.name, { kind: 'recordStockMovement', command: { operationId: world.ledger.operationId(), storeId: node.storeId, productId: 'tea', kind: 'SALE', quantity: -1, occurredAt: null } }))
}

const arrived = (world: World): number => world.cloud.commands.historyOf('S1', 'tea').length

describe('over a link that is bad, the first copy comes, writes go up once each, and nobody asks in a busy loop', () => {
  test.each(['30 % loss', '2 s round trip', '16 kbit/s'])('%s', async (name) => {
    await withNode(async (world, node) => {
      node.link.change(weather(name))
      world.start(node)
      await world.pass(10 * minute)
      expect(node.life?.data.status().position).not.toBeNull()
      for (let nth = 0; nth < 20; nth += 1) {
        sell(world, node)
        await world.pass(500)
      }
      const before = node.link.requests
      await world.pass(15 * minute)
      expect(arrived(world)).toBe(20)
      expect(node.life?.data.status()).toMatchObject({ pendingOperations: 0, position: { batch: world.cloud.log.batch } })
      // One that waits for changes at a time, five seconds each, and what it takes to repeat what was lost.
      expect(node.link.requests - before).toBeLessThan(15 * 60)
    })
  })

  test('flapping every second', async () => {
    await withNode(async (world, node) => {
      let up = false
      const flap = (): void => {
        up = !up
        node.link.change(weather(up ? 'fair' : 'black hole'))
        world.time.after(1_000, flap)
      }
      flap()
      world.start(node)
      await world.pass(5 * minute)
      expect(node.life?.data.status().position).not.toBeNull()
      for (let nth = 0; nth < 20; nth += 1) {
        sell(world, node)
        await world.pass(500)
      }
      const before = node.link.requests
      await world.pass(10 * minute)
      expect(arrived(world)).toBe(20)
      expect(node.life?.data.status().pendingOperations).toBe(0)
      expect(node.link.requests - before).toBeLessThan(10 * 60 * 3)
    })
  })
})

describe('a link that carries nothing is noticed, nothing that answers for origin is believed, and all goes on when it is back', () => {
  test.each(['black hole', 'half open', 'refused', 'captive portal', 'foreign proxy', 'lost answers', 'broken answers'])('%s', async (name) => {
    await withNode(async (world, node) => {
      world.start(node)
      await world.pass(minute)
      const before = node.life?.data.status()
      expect(before).toMatchObject({ state: 'online' })
      node.link.change(weather(name))
      for (let nth = 0; nth < 5; nth += 1) {
        sell(world, node)
        await world.pass(1_000)
      }
      const asked = node.link.requests
      await world.pass(10 * minute)
      const status = node.life?.data.status()
      expect(status?.position?.epoch).toBe(before?.position?.epoch)
      if (!['half open', 'lost answers', 'broken answers'].includes(name)) expect(status).toMatchObject({ state: 'offline', position: before?.position, pendingOperations: 5 })
      // Pauses grow to half a minute for writes, and to ten seconds for the log.
      expect(node.link.requests - asked).toBeLessThan(10 * 60)
      node.link.change(weather('fair'))
      await world.pass(2 * minute)
      expect(arrived(world)).toBe(5)
      expect(node.life?.data.status()).toMatchObject({ state: 'online', pendingOperations: 0, position: { batch: world.cloud.log.batch } })
    })
  })
})

test('a slow fsync holds up acknowledgements and nothing else, and a stop meanwhile loses none', async () => {
  await withNode(async (world, node) => {
    world.start(node)
    await world.pass(minute)
    node.fsyncMs = 2_000
    sell(world, node)
    await world.pass(1_000)
    expect(world.ledger.entries[0]?.keptAt).toBeNull()
    // Reads and the log go on.
    const { batch } = world.cloud.log
    world.cloud.rows.write({ entity: 'product', row: { id: 'tea', name: 'Green tea', attributes: '[]' } })
    await world.pass(500)
    expect(node.life?.data.status().position?.batch).toBeGreaterThan(batch)
    using session = await node.life?.data.read()
    expect(session?.connection.prepare("select name from product where id = 'tea'").get()).toEqual({ name: 'Green tea' })
    session?.[Symbol.dispose]()
    await world.pass(2_000)
    expect(world.ledger.entries[0]?.keptAt).not.toBeNull()
    sell(world, node)
    await world.pass(100)
    node.stop()
    await world.pass(10_000)
    world.start(node)
    await world.pass(2 * minute)
    // What was not acknowledged may be there or not; what was, is, once.
    const acknowledged = world.ledger.entries.filter(({ keptAt }) => keptAt !== null).length
    expect(arrived(world)).toBeGreaterThanOrEqual(acknowledged)
    expect(arrived(world)).toBeLessThanOrEqual(2)
    expect(node.life?.data.status()).toMatchObject({ state: 'online', pendingOperations: 0 })
  })
})
