import { fileURLToPath } from 'node:url'
import { BenchProcess } from '../gateway/processes.ts'
import type { LoadOrder, LoadResult } from './load.ts'

/** What the processes of this benchmark say. */
interface Message {
  readonly url?: string
  readonly details?: Readonly<Record<string, number>>
  readonly cpu?: number
  readonly ready?: boolean
  readonly result?: LoadResult
}

/** One run of load against one target. */
export interface Sample extends LoadResult {
  /** Microseconds of processor time a request. */
  readonly cpu: number
  readonly perSecond: number
}

/** A server that is measured, on the core that is its own. */
export class Target implements AsyncDisposable {
  readonly name: string
  readonly url: string
  readonly details: Readonly<Record<string, number>>
  readonly process: BenchProcess<Message>

  private constructor(name: string, process: BenchProcess<Message>, { url = '', details = {} }: Message) {
    this.name = name
    this.process = process
    this.url = url
    this.details = details
  }

  static async start(name: string, file: string, args: readonly string[], { core = 'gateway', flags = [], env = {} }: { readonly core?: 'gateway' | 'others'; readonly flags?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {}): Promise<Target> {
    await using stack = new AsyncDisposableStack()
    const process = stack.use(new BenchProcess<Message>(name, core, [...flags, fileURLToPath(new URL(file, import.meta.url)), ...args], env))
    const said = await process.message((message) => (message.url === undefined ? undefined : message))
    stack.move()
    return new Target(name, process, said)
  }

  /** Microseconds of processor time so far. */
  async cpu(): Promise<number> {
    const answer = this.process.message(({ cpu }) => cpu)
    this.process.send('cpu')
    return answer
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process[Symbol.asyncDispose]()
  }
}

/** The process that asks, on the other core. */
export class Asker implements AsyncDisposable {
  readonly #process: BenchProcess<Message>

  private constructor(process: BenchProcess<Message>) {
    this.#process = process
  }

  static async start(): Promise<Asker> {
    await using stack = new AsyncDisposableStack()
    const process = stack.use(new BenchProcess<Message>('the load', 'others', [fileURLToPath(new URL('load.ts', import.meta.url))]))
    await process.message(({ ready }) => ready)
    stack.move()
    return new Asker(process)
  }

  /** @throws Error when anything but 200 came back */
  async measure(target: Target, order: Omit<LoadOrder, 'url'>): Promise<Sample> {
    const before = await target.cpu()
    const answer = this.#process.message(({ result }) => result)
    this.#process.send({ ...order, url: target.url } satisfies LoadOrder)
    const result = await answer
    const used = (await target.cpu()) - before
    if (result.failures > 0) throw new Error(`${target.name} failed ${result.failures} of ${order.requests} requests: ${result.sample.slice(0, 500)}\n${target.process.output}`)
    return { ...result, cpu: used / order.requests, perSecond: order.requests / result.seconds }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]()
  }
}
