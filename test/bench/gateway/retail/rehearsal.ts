import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { schemaFile } from '../../../../schema/files.ts'
import type { ProxyScript } from '../bounds/proxy.ts'
import { bodyOf, type Workload } from '../market/queries.ts'
import type { Ground } from '../session.ts'
import { ours, withoutSharing } from '../targets/ours.ts'
import { ask, startTarget } from '../targets/target.ts'
import type { Chain } from './chain.ts'
import { supergraphFor } from './supergraph.ts'
import { Tap } from './tap.ts'

/** What came of asking each operation once: its answer, which everybody has to give then, and what was asked of the subgraphs for it. */
export class Rehearsal implements Ground, AsyncDisposable {
  readonly chain: Chain
  /** A file. */
  readonly supergraph: string
  /** By request body. */
  readonly scripts: Readonly<Record<string, ProxyScript>>
  readonly #folder: string

  constructor(chain: Chain, folder: string, supergraph: string, scripts: Readonly<Record<string, ProxyScript>>) {
    this.chain = chain
    this.#folder = folder
    this.supergraph = supergraph
    this.scripts = scripts
  }

  /** @throws Error when an answer has errors */
  static async of(chain: Chain, workloads: readonly Workload[]): Promise<Rehearsal> {
    const folder = await mkdtemp(join(tmpdir(), 'aisle-bench-retail-'))
    try {
      const file = join(folder, 'supergraph.graphql')
      await writeFile(file, supergraphFor(await readFile(schemaFile('supergraph.graphql'), 'utf8'), chain.urls))
      return new Rehearsal(chain, folder, file, await scriptsOf(chain, file, workloads))
    } catch (error) {
      await rm(folder, { recursive: true })
      throw error
    }
  }

  expected(workload: Workload): Promise<unknown> {
    return Promise.resolve(this.scripts[bodyOf(workload)]?.answer)
  }

  received(): Promise<number> {
    return this.chain.received()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

async function scriptsOf(chain: Chain, supergraph: string, workloads: readonly Workload[]): Promise<Record<string, ProxyScript>> {
  await using tap = await Tap.start(chain.urls)
  const detour = Object.entries(tap.urls).flatMap(([name, url]) => ['--subgraph-url', `${name}=${url}`])
  await using gateway = await startTarget(ours('Aisle', supergraph, [...withoutSharing, ...detour]))
  const scripts: Record<string, ProxyScript> = {}
  for (const workload of workloads) {
    const body = bodyOf(workload)
    let text = ''
    const waves = await tap.record(async () => {
      text = (await ask(gateway.url, body)).text
    })
    const answer = JSON.parse(text) as { errors?: unknown }
    if (answer.errors !== undefined) throw new Error(`${workload.name} cannot be answered: ${text.slice(0, 500)}`)
    scripts[body] = { answer, waves: waves.map((wave) => wave.map(({ subgraph, body: sent }) => ({ url: chain.urls[subgraph] ?? '', body: sent }))) }
  }
  return scripts
}
