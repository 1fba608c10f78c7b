import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { SubgraphDefinition } from '../../gateway/testing/subgraph.ts'

/** Two subgraphs with hardly any work to do, so that a test of what stands before them measures that. */
export const smallSubgraphs = {
  things: {
    sdl: 'type Query { thing: Thing }  type Subscription { ticks: Thing }  type Thing @key(fields: "id") { id: ID! name: String }',
    resolvers: {
      Query: { thing: () => ({ id: '1', name: 'one' }) },
      Subscription: {
        ticks: {
          async *subscribe() {
            for (let id = 1; ; id++) {
              yield { ticks: { id: String(id), name: 'tick' } }
              await new Promise((resolve) => {
                setTimeout(resolve, 20)
              })
            }
          },
        },
      },
    },
  },
  sizes: {
    sdl: 'type Thing @key(fields: "id") { id: ID! size: Int }',
    resolvers: { Thing: { __resolveReference: (thing: object) => thing, size: () => 7 } },
  },
} as const satisfies Record<string, SubgraphDefinition>

export type SmallSubgraph = keyof typeof smallSubgraphs

/** A subgraph as a process of its own. */
export interface SubgraphProcess extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Ends it at once. */
  kill(): Promise<void>
  /** It keeps its connections and does nothing any more, until it is thawed. */
  freeze(): void
  thaw(): void
}

/** @param port the one to listen at; 0 takes a free one */
export async function startSubgraphProcess(name: SmallSubgraph, port = 0): Promise<SubgraphProcess> {
  const child = fork(fileURLToPath(new URL('small-subgraph-process.ts', import.meta.url)), [name, String(port)], { execArgv: ['--no-warnings'], env: { ...process.env, NODE_OPTIONS: '' } })
  const url = await Promise.race([started(child), failed(child)])
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return {
    url,
    port: Number(new URL(url).port),
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: kill,
  }
}

async function started(child: ChildProcess): Promise<string> {
  const [url] = (await once(child, 'message')) as [string]
  return url
}

async function failed(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`the subgraph ended before it was up (${code})`)
}
