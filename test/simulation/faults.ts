import { join } from 'node:path'
import { settledRetentionMs } from '../../edge-cache/node/data/keeper.ts'
import { AisleError } from '../../runtime/errors.ts'
import { setClock } from './clock.ts'
import type { CloudBackup } from './cloud/cloud.ts'
import type { OpenTransaction } from './cloud/rows.ts'
import { keptIn } from './node-audit.ts'
import { flipRow, killInCheckpoint, loseTail, syncedFrames, zeroReplica, zeroSector } from './disk.ts'
import { weathers } from './link.ts'
import { crashPoints, type SimulatedNode } from './node.ts'
import { goOffline } from './offline.ts'
import { stopSelling } from './workload.ts'
import { products, type World } from './world.ts'

export interface Fault {
  readonly weight: number
  /** False where there was nothing to strike. */
  readonly strike: (world: World, memory: FaultMemory) => false | undefined | Promise<false | undefined>
}

/** What faults leave for later ones: images of disks, backups of the cloud, what is to be undone. */
export class FaultMemory {
  readonly images: { readonly node: SimulatedNode; readonly path: string }[] = []
  /** A backup of the cloud, and when it was made, in virtual time. */
  backup: { readonly of: CloudBackup; readonly at: number } | null = null
  epochs = 1
  twins = 0
  openTransactions: OpenTransaction[] = []
  /** When, in virtual time, the disk of a node last went back in time, by its name. */
  readonly wentBack = new Map<string, number>()
  /** When the cloud was last taken back. */
  cloudWentBack = -Infinity
  /** Virtual days that all stores were offline. */
  daysOffline = 0

  diskWentBack(world: World, node: SimulatedNode): void {
    this.wentBack.set(node.name, world.time.now)
  }
}

/** Everything that goes wrong, and how often. The names are those of the faults in `edge-cache/SPEC.md`. */
export const faults: Readonly<Record<string, Fault>> = {
  link: {
    weight: 14,
    strike({ nodes, random, time, note }) {
      const node = random.pick(nodes)
      const weather = weathers[random.pick(Object.keys(weathers))]
      if (weather === undefined) return false
      note(`${node.name}: its link is ${weather.name}`)
      node.link.change(weather)
      if (random.chance(0.7)) time.after(random.integer(500, 90_000), () => node.link.change(weathers.fair ?? weather))
    },
  },
  flapping: {
    weight: 3,
    strike({ nodes, random, time, note }) {
      const node = random.pick(nodes)
      note(`${node.name}: its link flaps`)
      for (let nth = 0; nth < 20; nth += 1) time.after(nth * 1_000, () => node.link.change(weathers[nth % 2 === 0 ? 'black hole' : 'fair'] ?? node.link.weather))
    },
  },
  kill: {
    weight: 6,
    strike(world) {
      const node = world.random.pick(world.nodes)
      world.note(`${node.name}: killed`)
      node.kill()
      startLater(world, node)
    },
  },
  'kill at a point': {
    weight: 10,
    strike(world) {
      const node = world.random.pick(world.nodes)
      if (node.life === null) return false
      node.armed = world.random.pick(crashPoints)
    },
  },
  'power failure': {
    weight: 3,
    strike(world) {
      const node = world.random.pick(world.nodes)
      if (node.life === null) return false
      world.note(`${node.name}: the power fails`)
      const synced = syncedFrames(node.directory, 'replica.db')
      node.kill()
      if (world.random.chance(0.5)) loseTail(node.directory, 'replica.db', world.random, synced)
      else zeroSector(node.directory, 'replica.db', world.random, synced)
      node.diskChanged()
      startLater(world, node)
    },
  },
  'kill in a checkpoint': {
    weight: 3,
    strike(world) {
      const node = world.random.pick(world.nodes)
      if (node.life === null) return false
      world.note(`${node.name}: killed in a checkpoint`)
      node.kill()
      killInCheckpoint(node.directory, world.random)
      startLater(world, node)
    },
  },
  'torn outbox': {
    weight: 1,
    strike(world, memory) {
      const node = world.random.pick(world.nodes)
      if (node.life === null) return false
      world.note(`${node.name}: the end of its outbox's WAL is gone`)
      node.kill()
      if (world.random.chance(0.5)) loseTail(node.directory, 'outbox.db', world.random)
      else zeroSector(node.directory, 'outbox.db', world.random)
      memory.diskWentBack(world, node)
      node.diskChanged()
      startLater(world, node)
    },
  },
  'zeroed replica': {
    weight: 1,
    strike(world) {
      const node = world.random.pick(world.nodes)
      if (node.life === null) return false
      world.note(`${node.name}: the beginning of its replica is gone`)
      node.kill()
      zeroReplica(node.directory)
      startLater(world, node)
    },
  },
  'flipped bits': {
    weight: 2,
    strike(world) {
      const node = world.random.pick(world.nodes)
      if (node.life === null) return false
      node.kill()
      const row = flipRow(node.directory, world.random)
      world.note(`${node.name}: killed, and a row is another one: ${JSON.stringify(row)}`)
      if (row !== null) node.flipped.push(row)
      startLater(world, node)
    },
  },
  'copy of a disk': {
    weight: 3,
    strike(world, memory) {
      const node = world.random.pick(world.nodes)
      if (node.starting) return false
      const path = join(world.folder, `image-${memory.images.length}`)
      node.image(path)
      memory.images.push({ node, path })
    },
  },
  'earlier disk': {
    weight: 1,
    strike(world, memory) {
      if (memory.images.length === 0) return false
      const { node, path } = world.random.pick(memory.images)
      if (node.starting) return false
      world.note(`${node.name}: an earlier image of its disk is restored`)
      node.kill()
      node.restore(path)
      memory.diskWentBack(world, node)
      startLater(world, node)
    },
  },
  'cloned node': {
    weight: 1,
    strike(world, memory) {
      if (memory.images.length === 0 || memory.twins === 1) return false
      const { node, path } = world.random.pick(memory.images)
      memory.twins += 1
      const twin = world.addNode(`twin-of-${node.name}`, node.storeId)
      world.note(`${node.name}: a clone of it starts`)
      twin.restore(path)
      twin.flipped.push(...node.flipped)
      world.start(twin)
    },
  },
  'disk full': {
    weight: 4,
    strike({ nodes, random, time, note }) {
      const node = random.pick(nodes)
      if (node.starting || node.graves.size > 0) return false
      note(`${node.name}: its disk is full`)
      node.fill(true)
      const empty = (): void => {
        if (node.starting || node.graves.size > 0) time.after(300, empty)
        else node.fill(false)
      }
      time.after(random.integer(100, 30_000), empty)
    },
  },
  'slow fsync': {
    weight: 3,
    strike({ nodes, random, time }) {
      const node = random.pick(nodes)
      node.fsyncMs = 2_000
      time.after(random.integer(1_000, 20_000), () => (node.fsyncMs = 3))
    },
  },
  restart: {
    weight: 4,
    strike(world) {
      const node = world.random.pick(world.nodes)
      world.note(`${node.name}: stopped`)
      node.stop()
      startLater(world, node)
    },
  },
  clock: {
    weight: 4,
    strike(world) {
      const node = world.random.pick(world.nodes)
      setClock(world, node)
      if (node.life !== null) node.life.machine.wallAhead = node.wallAhead
    },
  },
  'origin down': {
    weight: 3,
    strike({ origin, random, time, note }) {
      const code = random.pick(['SHUTTING_DOWN', 'DATABASE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR', 'STORE_UNKNOWN', 'ORIGIN_BUSY'] as const)
      origin.refusal = new AisleError(code, undefined, code === 'ORIGIN_BUSY' ? { details: { retryAfterSeconds: random.integer(1, 60) } } : {})
      note(`origin answers ${origin.refusal.code}`)
      time.after(random.integer(200, 30_000), () => (origin.refusal = null))
    },
  },
  'older origin': {
    weight: 2,
    strike({ origin, random, time }) {
      const kind = random.pick(['reportReadings', 'recordStockCount'])
      origin.unknownKinds.add(kind)
      origin.compares = false
      time.after(random.integer(1_000, 60_000), () => {
        origin.unknownKinds.delete(kind)
        origin.compares = true
      })
    },
  },
  'new rule': {
    weight: 2,
    strike({ cloud, random, time }) {
      // The cloud no longer has the product: writes of it are refused from now on, whatever the stores knew when they took them.
      const id = random.pick(products)
      const row = cloud.rows.get('product', [id])
      cloud.rows.write({ entity: 'product', key: [id] })
      time.after(random.integer(1_000, 30_000), () => row !== null && cloud.rows.write({ entity: 'product', row }))
    },
  },
  'sequencer killed': {
    weight: 4,
    strike({ sequencers, random, time }) {
      const sequencer = random.pick(sequencers)
      if (random.chance(0.5)) sequencer.armed = true
      else sequencer.stop()
      time.after(random.integer(500, 20_000), () => sequencer.start())
    },
  },
  'long transaction': {
    weight: 3,
    strike({ cloud, random, time, count }, memory) {
      const transaction = cloud.rows.begin()
      const { batch } = cloud.log
      for (let nth = random.integer(1, 4); nth > 0; nth -= 1) {
        transaction.write({ entity: 'product', row: { id: `slow-${memory.openTransactions.length}-${nth}`, name: `Slow ${random.integer(1, 99)}`, attributes: '[]' } })
      }
      memory.openTransactions.push(transaction)
      const commits = random.chance(0.8)
      const lasts = random.chance(0.5) ? 600_000 : random.integer(1_000, 600_000)
      time.after(lasts, () => {
        if (cloud.log.batch > batch) count('long transaction: batches passed it')
        if (lasts === 600_000) count('long transaction: ten minutes')
        if (commits) transaction.commit()
        else transaction.rollback()
      })
    },
  },
  retention: {
    weight: 2,
    strike({ cloud: { log }, random }) {
      const { oldest } = log
      log.prune(log.batch - random.integer(0, 5))
      if (log.oldest === oldest) return false
    },
  },
  compaction: {
    weight: 6,
    strike({ cloud, random }) {
      // A day passes seldom in a simulation: what is a minute old is old here.
      if (cloud.compact(cloud.log.batch - random.integer(0, 5)) === 0) return false
    },
  },
  'compaction while away': {
    weight: 4,
    strike({ nodes, cloud, random, time, note }) {
      const node = random.pick(nodes)
      const fair = weathers.fair ?? node.link.weather
      note(`${node.name}: its link is away, and the log is compacted meanwhile`)
      node.link.change(weathers['black hole'] ?? fair)
      const ms = random.integer(5_000, 200_000)
      const stops = random.integer(1, 3)
      time.after(ms / 2, () => {
        for (let nth = 0; nth < stops; nth += 1) stopSelling(cloud, random, node.storeId)
        cloud.rows.write({ entity: 'store_price', row: { store_id: node.storeId, product_id: random.pick(products), amount_minor: random.integer(1, 999), currency: 'GBP', updated_at: cloud.now } })
      })
      time.after(ms, () => {
        cloud.compact(cloud.log.batch - random.integer(0, 2))
        node.link.change(fair)
      })
    },
  },
  'compaction inside of a batch': {
    weight: 3,
    strike({ origin }) {
      origin.compactsInside = true
    },
  },
  backup: {
    weight: 2,
    strike({ cloud, time }, memory) {
      memory.backup = { of: cloud.backup(), at: time.now }
    },
  },
  'cloud taken back': {
    weight: 1,
    strike(world, memory) {
      const backup = usable(world, memory)
      if (backup === null) return false
      memory.epochs += 1
      world.note('the cloud is taken back to its backup')
      takeBack(world, memory, backup, `epoch-${memory.epochs}`)
    },
  },
  'cloud taken back within its epoch': {
    weight: 2,
    strike(world, memory) {
      const backup = usable(world, memory)
      if (backup === null) return false
      // Nobody said so: the same numbers are given again, to other batches.
      world.note('the cloud is taken back to its backup, and its log keeps its epoch')
      takeBack(world, memory, backup, backup.log.epoch)
    },
  },
  'long offline': { weight: 1, strike: goOffline },
}

/** The backup, unless it is older than what nodes remember to give again. */
function usable({ time }: World, { backup }: FaultMemory): CloudBackup | null {
  return backup === null || time.now - backup.at > settledRetentionMs ? null : backup.of
}

/** The cloud is what it was when `backup` was made; its log goes on from there under the name `epoch`. */
export function takeBack(world: World, memory: FaultMemory, backup: CloudBackup, epoch: string): void {
  world.keepLog()
  world.cloud.restore(backup, epoch)
  world.cloudAudit.restored()
  memory.cloudWentBack = world.time.now
  for (const transaction of memory.openTransactions.splice(0)) transaction.rollback()
  for (const sequencer of world.sequencers) sequencer.wake()
}

function startLater(world: World, node: SimulatedNode): void {
  world.time.after(world.random.integer(10, 20_000), () => world.start(node))
}

/** Names of the writes that are on a node's disk. */
export function heldBy(node: SimulatedNode): Set<string> {
  try {
    return new Set(keptIn(node.directory).map(({ principal, operationId }) => `${principal} ${operationId}`))
  } catch {
    return new Set()
  }
}
