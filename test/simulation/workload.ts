import type { NodeData } from '../../edge-cache/node/data.ts'
import type { CommandContext } from '../../subgraphs/shared/commands.ts'
import type { Random } from '../differential/random.ts'
import type { ModelCloud } from './cloud/cloud.ts'
import type { Entry, Written } from './ledger.ts'
import type { SimulatedNode } from './node.ts'
import { countedProducts, movedProducts, products, type World } from './world.ts'

/** Something that people in stores and in the cloud do. */
export type Action = (world: World) => void

/** What people do, and how often. */
export const work: Readonly<Record<string, { readonly weight: number; readonly act: Action }>> = {
  sell: { weight: 40, act: (world) => atSomeNode(world, (node) => movement(world, node.storeId)) },
  count: { weight: 8, act: (world) => atSomeNode(world, (node) => count(world, node.storeId)) },
  report: { weight: 5, act: (world) => atSomeNode(world, (node) => readings(world, node.storeId)) },
  'many at once': {
    weight: 2,
    act(world) {
      const node = runningNode(world)
      if (node !== null) for (let left = world.random.integer(5, 150); left > 0; left -= 1) offer(world, node, world.ledger.add(till(node), node.name, movement(world, node.storeId)))
    },
  },
  repeat: {
    weight: 8,
    act(world) {
      const node = runningNode(world)
      const own = world.ledger.entries.filter((entry) => entry.node === node?.name)
      if (node !== null && own.length > 0) offer(world, node, world.random.pick(own))
    },
  },
  'repeat in the cloud': {
    weight: 5,
    act(world) {
      const entries = world.ledger.entries.slice(-30)
      if (entries.length > 0) inCloud(world, world.random.pick(entries))
    },
  },
  'sell in the cloud': { weight: 10, act: (world) => inCloud(world, world.ledger.add('staff', null, movement(world, world.random.pick(world.storeIds)))) },
  'count in the cloud': { weight: 4, act: (world) => inCloud(world, world.ledger.add('staff', null, count(world, world.random.pick(world.storeIds)))) },
  price: {
    weight: 4,
    act({ cloud, random, storeIds }) {
      cloud.rows.write({ entity: 'store_price', row: { store_id: random.pick(storeIds), product_id: random.pick(products), amount_minor: random.integer(1, 999), currency: 'GBP', updated_at: cloud.now } })
    },
  },
  'stop selling': {
    weight: 2,
    act: ({ cloud, random, storeIds }) => stopSelling(cloud, random, random.pick(storeIds)),
  },
  rename: {
    weight: 3,
    act({ cloud, random }) {
      const name = `Name ${random.integer(1, 999)}`
      cloud.rows.write({ entity: 'product', row: { id: random.pick(products), name, attributes: '[]' } })
    },
  },
  'move a device': {
    weight: 2,
    act({ cloud, random, storeIds }) {
      const id = `screen-${random.integer(1, 3)}`
      cloud.rows.write({ entity: 'device', row: { id, store_id: random.pick(storeIds), kind: 'DISPLAY', status: 'UNKNOWN', shows: JSON.stringify([random.pick(products)]) } })
    },
  },
  'big batch': {
    weight: 1,
    act({ cloud, random, storeIds }) {
      const storeId = random.pick(storeIds)
      const some = random.integer(900, 2_500)
      for (let nth = 0; nth < some; nth += 1) {
        cloud.rows.write({ entity: 'store_price', row: { store_id: storeId, product_id: `extra-${nth % 40}`, amount_minor: random.integer(1, 99_999), currency: 'GBP', updated_at: cloud.now } })
      }
    },
  },
  'stop reading': { weight: 2, act: ({ displays, random }) => void (random.pick(displays).reading = false) },
  'read on': { weight: 3, act: ({ displays, random }) => random.pick(displays).readOn() },
}

/** A store no longer has a price of its own for something, where it has any. */
export function stopSelling({ rows }: ModelCloud, random: Random, storeId: string): void {
  const prices = rows.all('store_price').filter((row) => row.store_id === storeId)
  if (prices.length > 0) rows.write({ entity: 'store_price', key: [storeId, String(random.pick(prices).product_id)] })
}

/** Offers a write to a node; what its author learns goes into the ledger. */
export function offer(world: World, node: SimulatedNode, entry: Entry): void {
  const { life } = node
  if (life === null) return
  world.background(ask(world, node, life.data, entry, life.machine.wallClock()))
}

async function ask(world: World, node: SimulatedNode, data: NodeData, entry: Entry, now: number): Promise<void> {
  const { principal, written } = entry
  const context: CommandContext = { principal, now }
  try {
    const outcome =
      written.kind === 'recordStockMovement'
        ? await data.inventory.recordMovement(written.command, context)
        : written.kind === 'recordStockCount'
          ? await data.inventory.recordCount(written.command, context)
          : await data.device.reportReadings(written.command, context)
    if (outcome.userErrors.length === 0) entry.keptAt = world.time.now
  } catch {
    if (node.diskFull) world.count('disk full: a write was not kept')
    // A process that was killed, or a write that could not be kept: its author does not know, and may ask again.
  }
}

function inCloud({ cloud, origin, time }: World, entry: Entry): void {
  const { written, principal } = entry
  if (origin.refusal !== null) return
  const context: CommandContext = { principal, now: cloud.now }
  if (written.kind === 'recordStockMovement') cloud.commands.movement(written.command, context)
  else if (written.kind === 'recordStockCount') cloud.commands.count(written.command, context)
  else cloud.commands.readings(written.command, context)
  entry.recordedAt = time.now
}

function runningNode({ nodes, random }: World): SimulatedNode | null {
  const running = nodes.filter(({ life }) => life !== null)
  return running.length === 0 ? null : random.pick(running)
}

function atSomeNode(world: World, make: (node: SimulatedNode) => Written): void {
  const node = runningNode(world)
  if (node !== null) offer(world, node, world.ledger.add(till(node), node.name, make(node)))
}

function till({ name }: SimulatedNode): string {
  return `till-${name}`
}

function movement({ random, ledger, time }: World, storeId: string): Written {
  const quantity = random.chance(0.7) ? -random.integer(1, 5) : random.integer(1, 20)
  const occurredAt = random.chance(0.3) ? Math.floor(time.now) - random.integer(0, 600_000) : null
  const productId = random.pick(random.chance(0.7) ? movedProducts : countedProducts)
  return { kind: 'recordStockMovement', command: { operationId: ledger.operationId(), storeId, productId, kind: quantity < 0 ? 'SALE' : 'RECEIPT', quantity, occurredAt } }
}

function count({ random, ledger, time }: World, storeId: string): Written {
  const countedAt = random.chance(0.4) ? Math.floor(time.now) - random.integer(0, 600_000) : null
  return { kind: 'recordStockCount', command: { operationId: ledger.operationId(), storeId, productId: random.pick(countedProducts), counted: random.integer(0, 50), countedAt } }
}

function readings({ random, ledger, time }: World, storeId: string): Written {
  const list = Array.from({ length: random.integer(1, 3) }, (_unused, nth) => ({ metric: 'celsius', at: Math.floor(time.now) - nth * 1_000, value: -random.integer(10, 25) }))
  return { kind: 'reportReadings', command: { operationId: ledger.operationId(), deviceId: `freezer-${storeId}`, readings: list } }
}
