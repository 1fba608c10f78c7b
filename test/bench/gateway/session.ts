import { Load, type LoadOrder, type LoadResult } from './load/load.ts'
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

/** What stands behind the gateways of a benchmark. */
export interface Ground {
  /** What must be answered, as parsed JSON. */
  expected(workload: Workload): Promise<unknown>
  /** Requests that the subgraphs have received so far. */
  received(): Promise<number>
}

/** The clients of one benchmark, and what they must be answered. */
export class Session implements AsyncDisposable {
  readonly #ground: Ground
  readonly #connections: number
  readonly #load: Load
  readonly #expected = new Map<Workload, unknown>()

  constructor(ground: Ground, connections: number, load: Load) {
    this.#ground = ground
    this.#connections = connections
    this.#load = load
  }

  /** @param connections how many ask at the same time */
  static async start(ground: Ground, connections: number): Promise<Session> {
    return new Session(ground, connections, await Load.start())
  }

  async expected(workload: Workload): Promise<unknown> {
    const known = this.#expected.get(workload) ?? (await this.#ground.expected(workload))
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
    const before = await this.#ground.received()
    await ask(target.url, bodyOf(workload))
    return (await this.#ground.received()) - before
  }

  /** @throws Error when an answer under load is not what it must be */
  async measure(target: Target, workload: Workload, { warmMs, measureMs }: Slice, requests?: number): Promise<Sample> {
    const cpu: Promise<number | null>[] = []
    const result = await this.#run(target, workload, { warmMs, measureMs, ...(requests === undefined ? {} : { requests }) }, () => cpu.push(target.process.cpuSeconds()))
    return toSample(result, await Promise.all(cpu))
  }

  /** Asks for a while; gives how many requests were sent. @throws Error when an answer is not what it must be */
  async ask(target: Target, workload: Workload, measureMs: number): Promise<number> {
    return (await this.#run(target, workload, { warmMs: 0, measureMs })).sent
  }

  async #run(target: Target, workload: Workload, times: Pick<LoadOrder, 'warmMs' | 'measureMs' | 'requests'>, onPhase?: () => void): Promise<LoadResult> {
    const order = { url: target.url, body: bodyOf(workload), headers: workload.headers ?? {}, connections: this.#connections, ...times }
    const result = await target.process.during(this.#load.run(order, onPhase))
    if (result.failures > 0) throw new Error(`${target.name} failed ${result.failures} requests of ${workload.name}: ${result.sample.slice(0, 500)}`)
    if (!workload.query.includes(counterMark)) checkAnswer(target.name, result.sample, await this.expected(workload))
    return result
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#load[Symbol.asyncDispose]()
  }
}

function toSample({ requests, seconds, p50, p99 }: LoadResult, [before, after]: readonly (number | null | undefined)[]): Sample {
  const used = typeof before === 'number' && typeof after === 'number' ? after - before : null
  return { perSecond: requests / seconds, p50, p99, cpuPerRequest: used === null || requests === 0 ? null : (used * 1000) / requests }
}
