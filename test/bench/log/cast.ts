import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Load } from './load.ts'
import { LoopWatch, type LoopReport } from './loop-watch.ts'
import type { Order, Report } from './messages.ts'

/** How long a change may still be on its way, in milliseconds. */
const settleMs = 2_000

/** The processes of the benchmark: origin, one real node, the stores that stay, and those that leave and return. */
export interface Cast {
  readonly origin: ChildProcess
  readonly node: ChildProcess
  readonly staying: ChildProcess
  readonly leaving: ChildProcess
  readonly database: pg.Client
}

/** What was seen in a while: milliseconds, sorted. */
export interface Seen {
  /** From write to follower: in the stores that stay, and in all. */
  readonly stayed: readonly number[]
  readonly all: readonly number[]
  readonly node: readonly number[]
  readonly writes: readonly number[]
  /** How late the event loops of the processes were, to read. */
  readonly loops: string
}

export interface Returned extends Seen {
  readonly caughtUp: readonly number[]
  readonly refusals: number
}

/** Starts a process that ends with the stack. */
export function startProcess(stack: AsyncDisposableStack, file: string, parameters: readonly string[]): ChildProcess {
  const child = fork(new URL(file, import.meta.url).pathname, [...parameters], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  stack.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    if (child.connected) child.disconnect()
    await once(child, 'exit')
  })
  return child
}

/** Watches everybody for so long. */
export async function watchQuietly(cast: Cast, load: Load, ms: number): Promise<Seen> {
  return watch(cast, load, async () => {
    await sleep(ms)
    return { refusals: 0, caughtUp: [] }
  })
}

/** Lets those who left return in one moment, and watches everybody until each of them has caught up with where the log is now. */
export async function watchReturn(cast: Cast, load: Load): Promise<Returned> {
  const { rows } = await cast.database.query<{ batch: string }>('select batch from log_fence')
  return watch(cast, load, () => ask(cast.leaving, { kind: 'return', batch: Number(rows[0]?.batch) }))
}

async function watch(cast: Cast, load: Load, during: () => Promise<Pick<Report, 'refusals' | 'caughtUp'>>): Promise<Returned> {
  const { origin, node, staying, leaving } = cast
  const own = new LoopWatch()
  await Promise.all([ask(staying, { kind: 'forget' }), ask(leaving, { kind: 'forget' }), askNode(node, 'forget'), askOrigin(origin, 'forget')])
  load.takeTimes()
  const { refusals, caughtUp } = await during()
  const over = Date.now()
  const writes = load.takeTimes()
  const [origins, stay, left] = await Promise.all([askOrigin(origin, 'figures'), ask(staying, { kind: 'figures' }), ask(leaving, { kind: 'figures' })])
  const loops = [`origin ${busyness(origins)}`, `who stay ${busyness(stay.loop)}`, `who leave ${busyness(left.loop)}`, `writers ${busyness(own.report())}`].join('; ')
  // What was written before it was over may still be on its way.
  await sleep(settleMs)
  const [{ latencies: stayed }, others, { latencies: ofNode }] = await Promise.all([
    ask(staying, { kind: 'figures', writtenBefore: over }), ask(leaving, { kind: 'figures', writtenBefore: over }), askNode(node, 'figures'),
  ])
  return { stayed, all: [...stayed, ...others.latencies].toSorted((a, b) => a - b), node: ofNode, writes, loops, refusals, caughtUp }
}

export async function ask(child: ChildProcess, order: Order): Promise<Report> {
  child.send(order)
  const [report] = (await once(child, 'message')) as [Report]
  return report
}

export async function askNode(child: ChildProcess, order: 'figures' | 'forget'): Promise<{ readonly latencies: readonly number[]; readonly ready: boolean }> {
  child.send(order)
  const [answer] = (await once(child, 'message')) as [{ latencies: readonly number[]; ready: boolean }]
  return answer
}

async function askOrigin(child: ChildProcess, order: 'figures' | 'forget'): Promise<LoopReport> {
  child.send(order)
  const [answer] = (await once(child, 'message')) as [LoopReport]
  return answer
}

function busyness({ lateP99Ms, lateMaxMs, cores }: LoopReport): string {
  return `${lateP99Ms.toFixed(0)} (${lateMaxMs.toFixed(0)}) ms, ${cores.toFixed(2)}`
}
