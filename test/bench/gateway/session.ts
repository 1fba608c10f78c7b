import { Load, type LoadResult } from './load/load.ts'
import { expectedAnswer } from './market/executable.ts'
import { Market } from './market/market.ts'
import { bodyOf, counterMark, type Workload } from './market/queries.ts'
import { ask, checkAnswer, type Target } from './targets/target.ts'

/** How long one target is asked at a time, in milliseconds. */
export interface Slice {
  /** Asked, but not measured. */
  readonly warmMs: number
  readonly measureMs: number
}

/** One target under one workload for a while. Latencies and processor time in milliseconds. */
export interface Sample {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** Null where the system does not say. */
  readonly cpuPerRequest: number | null
}

/** As the public benchmark has it. */
const connections = 50

/** The clients and the subgraphs of one benchmark, and what must be answered. */
export class Session implements AsyncDisposable {
  readonly market: Market
  readonly #load: Load
  readonly #expected = new Map<Workload, unknown>()

  constructor(market: Market, load: Load) {
    this.market = market
    this.#load = load
  }

  static async start(): Promise<Session> {
    await using started = new AsyncDisposableStack()
    const market = started.use(await Market.start())
    const session = new Session(market, started.use(await Load.start()))
    started.move()
    return session
  }

  async expected(workload: Workload): Promise<unknown> {
    const known = this.#expected.get(workload) ?? (await expectedAnswer(this.market.publicSchema, workload.query, { ...workload.variables }))
    this.#expected.set(workload, known)
    return known
  }

  /** @throws Error when the target gives another answer than it must */
  async check(target: Target, workload: Workload): Promise<void> {
    const { text } = await ask(target.url, bodyOf(workload))
    checkAnswer(target.name, text, await this.expected(workload))
  }

  /** Requests to subgraphs that one request makes while nothing else runs. */
  async fetches(target: Target, workload: Workload): Promise<number> {
    const before = await this.market.received()
    await ask(target.url, bodyOf(workload))
    return (await this.market.received()) - before
  }

  /** @throws Error when an answer under load is not what it must be */
  async measure(target: Target, workload: Workload, { warmMs, measureMs }: Slice, requests?: number): Promise<Sample> {
    const cpu: Promise<number | null>[] = []
    const order = { url: target.url, body: bodyOf(workload), headers: workload.headers ?? {}, connections, warmMs, measureMs, ...(requests === undefined ? {} : { requests }) }
    const result = await target.process.during(this.#load.run(order, () => cpu.push(target.process.cpuSeconds())))
    if (result.failures > 0) throw new Error(`${target.name} failed ${result.failures} requests of ${workload.name}: ${result.sample.slice(0, 500)}`)
    if (!workload.query.includes(counterMark)) checkAnswer(target.name, result.sample, await this.expected(workload))
    return toSample(result, await Promise.all(cpu))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]()
    await this.market[Symbol.asyncDispose]()
  }
}

function toSample({ requests, seconds, p50, p99 }: LoadResult, [before, after]: readonly (number | null | undefined)[]): Sample {
  const used = typeof before === 'number' && typeof after === 'number' ? after - before : null
  return { perSecond: requests / seconds, p50, p99, cpuPerRequest: used === null || requests === 0 ? null : (used * 1000) / requests }
}
