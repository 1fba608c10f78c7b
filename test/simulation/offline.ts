import { dayMs, setClock } from './clock.ts'
import type { FaultMemory } from './faults.ts'
import { weathers } from './link.ts'
import type { SimulatedNode } from './node.ts'
import { work } from './workload.ts'
import type { World } from './world.ts'

/** A store may be offline for as long in one piece. */
const spansInDays = [1 / 1440, 1 / 3, 3, 10, 30] as const

/** What a node was told more than 45 days ago it need not remember, and the audit remembers everything. */
const mostDays = 41

/** What goes on in stores and in the cloud meanwhile. */
const goesOn = ['sell', 'sell', 'count', 'report', 'repeat', 'sell in the cloud', 'count in the cloud', 'price', 'stop selling', 'rename', 'move a device'] as const

/** No store has a link for a while: nodes serve and take writes, boot with clocks that may be wrong, or have no power; the cloud goes on, and its log is looked after. */
export async function goOffline(world: World, memory: FaultMemory): Promise<false | undefined> {
  const { nodes, random, note, count, cloud } = world
  const days = random.pick(spansInDays)
  if (memory.daysOffline + days > mostDays) return false
  memory.daysOffline += days
  const boots = random.integer(1, 4)
  const powered = random.chance(0.5)
  note(`all stores are offline for ${days.toFixed(3)} days in one piece, with ${boots} reboots, and ${powered ? 'run all the time' : 'have power for minutes'}`)
  const stood = nodes.map(({ life }) => life?.data.status().position ?? null)
  const ways = ['black hole', 'refused'] as const
  for (const node of nodes) node.link.keep(weathers[random.pick(ways)] ?? null)
  for (let boot = 0; boot < boots; boot += 1) {
    const ms = (days * dayMs) / boots
    if (powered) {
      await reboot(world, nodes, true)
      for (let part = 0; part < 4; part += 1) await goOn(world, ms / 4)
    } else {
      world.dark = true
      for (const node of nodes) node.kill()
      await world.pass(Math.max(0, ms - 60_000))
      await reboot(world, nodes, false)
      await goOn(world, 30_000)
    }
  }
  if (days === 30) count('long offline: 30 days in one piece')
  if (powered) count('long offline: a node runs all the time')
  if (stood.some((position) => position?.epoch === cloud.log.epoch && position.batch < cloud.log.oldest)) count('long offline: the log no longer reaches back')
  // Some notice by themselves that the link is back, others are started with it.
  await reboot(world, nodes, false)
  for (const node of nodes) {
    if (random.chance(0.3)) node.kill()
    node.link.keep(null)
    world.start(node)
  }
}

async function reboot(world: World, nodes: readonly SimulatedNode[], patient: boolean): Promise<void> {
  world.dark = false
  for (const node of nodes) {
    node.kill()
    node.patient = patient
    if (world.random.chance(0.4)) {
      setClock(world, node)
      if (node.wallAhead !== 0) world.count('long offline: clock wrong at a reboot')
    }
    world.start(node)
  }
  await world.pass(30_000)
}

/** Things are written for as long. */
async function goOn(world: World, ms: number): Promise<void> {
  const pieces = world.random.integer(1, 4)
  for (let piece = 0; piece < pieces; piece += 1) {
    work[world.random.pick(goesOn)]?.act(world)
    await world.pass(ms / pieces)
  }
}
