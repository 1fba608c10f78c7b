import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BenchProcess } from '../processes.ts'
import type { Ground } from '../session.ts'
import { composeMarket, expectedAnswer, type SubgraphName, subgraphNames } from './executable.ts'
import type { Workload } from './queries.ts'
import type { MarketMessage, MarketRequest, RecordedFetch } from './serve.ts'

/** The benchmark's subgraphs, running, and what gateways must know of them. */
export class Market implements Ground, AsyncDisposable {
  readonly #process: BenchProcess<MarketMessage>
  readonly #folder: string
  readonly urls: Readonly<Record<SubgraphName, string>>
  /** A file. */
  readonly supergraph: string
  readonly publicSchema: string

  constructor(process: BenchProcess<MarketMessage>, folder: string, urls: Record<SubgraphName, string>, publicSchema: string) {
    this.#process = process
    this.#folder = folder
    this.urls = urls
    this.supergraph = join(folder, 'supergraph.graphql')
    this.publicSchema = publicSchema
  }

  static async start(): Promise<Market> {
    await using started = new AsyncDisposableStack()
    const process = started.use(new BenchProcess<MarketMessage>('the subgraphs', 'others', [fileURLToPath(new URL('serve.ts', import.meta.url))]))
    const port = await process.message((message) => ('port' in message ? message.port : undefined))
    const urls = Object.fromEntries(subgraphNames.map((name) => [name, `http://127.0.0.1:${port}/${name}`])) as Record<SubgraphName, string>
    const { supergraph, publicSchema } = composeMarket((name) => urls[name])
    const folder = await mkdtemp(join(tmpdir(), 'aisle-bench-'))
    const market = new Market(process, folder, urls, publicSchema)
    await writeFile(market.supergraph, supergraph)
    started.move()
    return market
  }

  async expected({ query, variables }: Workload): Promise<unknown> {
    return await expectedAnswer(this.publicSchema, query, { ...variables })
  }

  async received(): Promise<number> {
    return await this.#ask('count', (message) => ('count' in message ? message.count : undefined))
  }

  /** The requests that `work` makes, in waves: those of one wave are under way at the same time. */
  async record(work: () => Promise<unknown>): Promise<readonly (readonly RecordedFetch[])[]> {
    await this.#ask('record', (message) => ('recording' in message ? true : undefined))
    await work()
    return await this.#ask('recorded', (message) => ('waves' in message ? message.waves : undefined))
  }

  async #ask<T>(request: MarketRequest, pick: (message: MarketMessage) => T | undefined): Promise<T> {
    const answer = this.#process.message(pick)
    this.#process.send(request)
    return await answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
