import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { next, nodeStates, type NodeEvent, type NodeState } from '../../edge-cache/node/state.ts'
import { AisleError } from '../../runtime/errors.ts'
import { weathers } from './link.ts'
import type { SimulatedNode } from './node.ts'
import { levels } from './display.ts'
import { offer } from './workload.ts'
import { World } from './world.ts'

/** What the table says of a node, told only what was done to it. */
interface Model {
  state: NodeState
  up: boolean
  copied: boolean
  /** The cloud was taken back, and the node has not asked since. */
  stale: boolean
  /** Strangers' writes that the node has seen, and those that still wait for the link. */
  doubted: boolean
  strange: boolean
  refusing: boolean
}

interface Real {
  readonly world: World
  readonly node: SimulatedNode
}

type Command = fc.AsyncCommand<Model, Real>

const fair = weathers.fair
const blackHole = weathers['black hole']
if (fair === undefined || blackHole === undefined) throw new Error('There is no such weather.')

/** What follows of itself once the link lets the node ask: the events of the table, in their order. */
function asks(model: Model): NodeEvent[] {
  if (!model.up) return []
  if (model.refusing) return ['heard', 'doubted']
  const fresh = !model.copied || model.stale
  const events: NodeEvent[] = ['heard', ...(fresh && model.copied ? (['broken'] as const) : []), ...(fresh ? (['copied'] as const) : [])]
  // A copy brings strangers' writes as rows, not as news.
  if (model.strange && !fresh) model.doubted = true
  events.push(model.doubted ? 'doubted' : 'vouched', 'head')
  Object.assign(model, { copied: true, stale: false, strange: false })
  return events
}

class Does implements Command {
  readonly #name: string
  readonly #act: (model: Model, real: Real) => readonly NodeEvent[] | Promise<readonly NodeEvent[]>
  readonly #passes: number

  constructor(name: string, act: (model: Model, real: Real) => readonly NodeEvent[] | Promise<readonly NodeEvent[]>, passes = 60_000) {
    this.#name = name
    this.#act = act
    this.#passes = passes
  }

  check(): boolean {
    return true
  }

  async run(model: Model, real: Real): Promise<void> {
    const { world, node } = real
    const events = await this.#act(model, real)
    model.state = events.reduce(next, model.state)
    await world.pass(this.#passes)
    const status = node.life?.data.status()
    expect({ after: this.#name, state: status?.state, serves: status?.position !== null }).toEqual({ after: this.#name, state: model.state, serves: nodeStates[model.state].serves })
    if (nodeStates[model.state].serves && node.life !== null) expect((await levels(node.life.data)).size).toBeGreaterThan(0)
  }

  toString(): string {
    return this.#name
  }
}

let strangers = 0

const commands: Record<string, Does> = {
  cut: new Does('cut the link', (model, { node }) => {
    node.link.change(blackHole)
    model.up = false
    return ['silent']
  }),
  join: new Does('join the link', (model, { node }) => {
    node.link.change(fair)
    model.up = true
    return asks(model)
  }),
  sell: new Does('sell', (model, { world, node }) => {
    const operationId = world.ledger.operationId()
    offer(world, node, world.ledger.add('till', node.name, { kind: 'recordStockMovement', command: { operationId, storeId: node.storeId, productId: 'tea', kind: 'SALE', quantity: -1, occurredAt: null } }))
    return asks(model)
  }),
  change: new Does('change something in the cloud', (model, { world }) => {
    world.cloud.rows.write({ entity: 'product', row: { id: 'tea', name: `Tea ${world.time.now}`, attributes: '[]' } })
    return asks(model)
  }),
  takeBack: new Does('take the cloud back', (model, { world }) => {
    const epoch = `epoch-of-${world.time.now}`
    world.keepLog()
    world.cloud.restore(world.cloud.backup(), epoch)
    world.cloudAudit.restored()
    model.stale = true
    return asks(model)
  }),
  stranger: new Does('another node writes for the store', (model, { world, node }) => {
    strangers += 1
    world.cloud.rows.write({
      entity: 'edge_operation',
      row: { store_id: node.storeId, incarnation: `stranger-${strangers}`, n: 1, operation_id: 'x', payload_hash: 'h', outcome: '{}', recorded_at: world.cloud.now },
    })
    model.strange = true
    return asks(model)
  }),
  wait: new Does('wait for more than an hour', (model) => {
    model.doubted = false
    return asks(model)
  }, 3_700_000),
  refuse: new Does('origin no longer takes the node', (model, { world }) => {
    world.origin.refusal = new AisleError(model.copied ? 'NODE_REVOKED' : 'STORE_UNKNOWN')
    model.refusing = true
    return asks(model)
  }),
  accept: new Does('origin knows the store', (model, { world }) => {
    world.origin.refusal = null
    model.refusing = false
    return asks(model)
  }),
  restart: new Does('kill and start', async (model, { world, node }) => {
    node.kill()
    await world.pass(1_000)
    world.start(node)
    Object.assign(model, { doubted: false, state: model.copied ? 'offline' : 'bootstrapping' })
    return asks(model)
  }),
}

test('a node goes through the states as the table says, whatever is done to it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(Object.values(commands).map((command) => fc.constant(command)), { maxCommands: 12 }), async (chosen) => {
      await using world = new World({ seed: 1, note: () => {} })
      const [node] = world.nodes
      if (node === undefined) throw new Error('A world has nodes.')
      const model: Model = { state: 'bootstrapping', up: true, copied: false, stale: false, doubted: false, strange: false, refusing: false }
      world.start(node)
      await fc.asyncModelRun(() => ({ model, real: { world, node } }), [new Does('start', asks), ...chosen])
    }),
    { numRuns: 15, endOnFailure: true },
  )
}, 180_000)
