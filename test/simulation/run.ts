import { Random } from '../differential/random.ts'
import { levels } from './display.ts'
import { FaultMemory, faults, heldBy } from './faults.ts'
import { weathers } from './link.ts'
import { tallyOf, type Tally } from './tally.ts'
import { hold, Violation } from './violation.ts'
import { work } from './workload.ts'
import { movedProducts, products, World, type WorldOptions } from './world.ts'

export interface RunOptions {
  readonly seed: number
  /** How many things people do, or go wrong, before everything is mended. */
  readonly steps?: number
  /** Names of what does not happen. */
  readonly without?: ReadonlySet<string>
  readonly planted?: WorldOptions['planted']
  readonly note?: (text: string) => void
}

export interface RunResult {
  readonly seed: number
  /** The step within which it was violated, or the last one. */
  readonly step: number
  readonly violation: Violation | null
  /** Virtual seconds that passed. */
  readonly seconds: number
  readonly writes: number
  readonly batches: number
  /** What was done and what struck, in order. */
  readonly happened: readonly string[]
  readonly tally: Tally
  /** Everything that was noted, done, counted, and what it came to, condensed: equal for equal runs. */
  readonly trace: string
}

export const defaultSteps = 120

/** How long, in virtual milliseconds, everything may take to be in line again once nothing is wrong any more. */
const mendingMs = 15 * 60_000

/** Runs one world from its seed; everything that happens in it follows from that. */
export async function simulate({ seed, steps = defaultSteps, without = new Set(), planted, note = () => {} }: RunOptions): Promise<RunResult> {
  // FNV-1a, of 32 bits.
  let trace = 0x811c9dc5
  const condense = (text: string): void => {
    for (let at = 0; at < text.length; at += 1) trace = Math.imul(trace ^ text.charCodeAt(at), 0x01000193)
  }
  const happened: string[] = []
  await using world = new World({
    seed,
    ...(planted === undefined ? {} : { planted }),
    note(text) {
      condense(text)
      note(text)
    },
  })
  const memory = new FaultMemory()
  let step = 0
  let violation: Violation | null = null
  try {
    for (const node of world.nodes) world.start(node)
    for (step = 1; step <= steps; step += 1) {
      world.random = new Random(seed * 1_000 + step)
      await world.pass(gap(world))
      const name = choose(world)
      if (without.has(name)) continue
      const action = work[name]
      happened.push(name)
      if (action !== undefined) action.act(world)
      const struck = action !== undefined || (await faults[name]?.strike(world, memory)) !== false
      if (struck) world.count(name)
    }
    await mend(world, memory)
    await checkEnd(world, memory)
  } catch (error) {
    if (!(error instanceof Violation)) throw new Error(`seed ${seed}, step ${step}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    violation = error
  }
  const tally = tallyOf(world.counts)
  condense(JSON.stringify([happened, tally, world.cloud.log.positions, world.cloud.rows.all('stock'), violation?.message]))
  return {
    seed, step, violation, happened, tally,
    seconds: Math.round(world.time.elapsed / 1000),
    writes: world.ledger.entries.length,
    batches: world.cloud.log.batch,
    trace: (trace >>> 0).toString(16).padStart(8, '0'),
  }
}

/** Mostly things follow each other closely; sometimes nothing happens for a while. */
function gap({ random }: World): number {
  return random.chance(0.5) ? random.integer(1, 60) : random.chance(0.9) ? random.integer(60, 3_000) : random.integer(3_000, 60_000)
}

const weights = [...Object.entries(work), ...Object.entries(faults)].map(([name, { weight }]) => ({ name, weight }))
const total = weights.reduce((sum, { weight }) => sum + weight, 0)

function choose({ random }: World): string {
  let place = random.integer(1, total)
  for (const { name, weight } of weights) {
    place -= weight
    if (place <= 0) return name
  }
  throw new Error('The weights do not add up.')
}

/** Nothing is wrong any more, and everybody is there: what was begun must come to its end. */
async function mend(world: World, { openTransactions }: FaultMemory): Promise<void> {
  const { nodes, displays, origin, sequencers, time, note } = world
  note('everything is mended')
  const fair = weathers.fair
  // What was set to happen later happens first.
  await world.pass(100_000)
  for (const transaction of openTransactions) transaction.commit()
  origin.refusal = null
  origin.unknownKinds.clear()
  origin.compares = true
  for (const sequencer of sequencers) {
    sequencer.armed = false
    sequencer.start()
  }
  for (const node of nodes) {
    if (fair !== undefined) node.link.change(fair)
    node.armed = null
    node.fsyncMs = 3
    if (node.diskFull) node.fill(false)
    // While origin was too old to compare, nobody could find what was flipped; a start that follows no clean stop looks again.
    if (node.flipped.length > 0) node.kill()
    world.start(node)
  }
  for (const display of displays) display.readOn()
  const until = time.now + mendingMs
  while (!isQuiet(world)) {
    hold(12, time.now < until, () => `it is not over ${mendingMs / 60_000} minutes after everything was mended: ${describe(world)}`)
    await world.pass(1_000)
  }
  // Comparing everything takes a while, and what it finds is mended after it.
  await world.pass(nodes.some(({ flipped }) => flipped.length > 0) ? 60_000 : 10_000)
  while (!isQuiet(world)) {
    hold(12, time.now < until, () => `it does not stay over: ${describe(world)}`)
    await world.pass(1_000)
  }
}

function isQuiet({ nodes, cloud, displays }: World): boolean {
  return (
    cloud.rows.outbox.length === 0 &&
    displays.every(({ connected }) => connected) &&
    nodes.every(({ life }) => {
      const status = life?.data.status()
      return status !== undefined && status.online && status.pendingOperations === 0 && status.position?.batch === cloud.log.batch && status.position.epoch === cloud.log.epoch
    })
  )
}

function describe({ nodes, cloud }: World): string {
  return `the cloud is at ${cloud.log.epoch}:${cloud.log.batch} with ${cloud.rows.outbox.length} changes to move; ${nodes.map(({ name, life }) => `${name} ${JSON.stringify(life?.data.status() ?? 'does not run')}`).join('; ')}`
}

async function checkEnd(world: World, { wentBack, cloudWentBack }: FaultMemory): Promise<void> {
  const { nodes, displays, cloud, cloudAudit, ledger } = world
  await world.check(true)
  cloudAudit.checkLog()
  const held = new Map(nodes.map((node) => [node.name, heldBy(node)]))
  const expected = new Map<string, number>()
  for (const { principal, node, written, keptAt, recordedAt } of ledger.entries) {
    const { operationId } = written.command
    const name = `${principal} ${operationId}`
    const outcome = cloud.commands.outcomeOf(principal, operationId)
    if (outcome === null) {
      // What a medium lost that itself went back in time is lost.
      const kept = keptAt !== null && keptAt > (wentBack.get(node ?? '') ?? -Infinity)
      hold(1, !kept && held.get(node ?? '')?.has(name) !== true, () => `${name} is kept by ${String(node)}, and the cloud does not have it`)
      hold(1, recordedAt === null || recordedAt <= cloudWentBack, () => `${name} was recorded by the cloud, and it does not have it`)
      continue
    }
    hold(5, outcome.userErrors[0]?.code !== 'OPERATION_ID_REUSED', () => `${name} was taken for another write`)
    if (written.kind !== 'recordStockMovement' || outcome.userErrors.length > 0) continue
    const level = `${written.command.storeId} ${written.command.productId}`
    expected.set(level, (expected.get(level) ?? 0) + written.command.quantity)
  }
  for (const storeId of world.storeIds) {
    for (const productId of products) cloudAudit.checkStock(storeId, productId)
    for (const productId of movedProducts) {
      const level = cloudAudit.openingOf(storeId, productId) + (expected.get(`${storeId} ${productId}`) ?? 0)
      const row = cloud.rows.get('stock', [storeId, productId])
      hold(6, row?.on_hand === level, () => `${productId} in ${storeId} stands at ${String(row?.on_hand)}; what was written makes ${level}`)
    }
  }
  for (const display of displays) {
    const { life, name } = display.node
    if (life === null) continue
    const now = await levels(life.data)
    for (const [product, level] of now) hold(11, display.shown.get(product) === level, () => `a screen of ${name} shows ${String(display.shown.get(product))} of ${product}, and it is ${level}`)
    hold(11, display.shown.size === now.size, () => `a screen of ${name} shows ${display.shown.size} levels of ${now.size}`)
  }
}
