import { fileURLToPath } from 'node:url'
import fastify from 'fastify'
import { createLogger } from '../../../runtime/log.ts'
import { searchIndexExtension } from '../../../subgraphs/search/index/extension.ts'
import { Answers } from '../cache/answers.ts'
import { ByteCache } from '../cache/byte-cache.ts'
import { developer, type Caller } from '../../../runtime/identity/caller.ts'
import { compilingEngine } from '../compile/engine.ts'
import type { NodeData } from '../data.ts'
import type { MemoryCloud } from '../data/testing/memory-cloud.ts'
import type { NodeDataOptions } from '../data/index.ts'
import { openTestNode } from '../data/testing/node.ts'
import { createNodeGraph } from '../graph.ts'
import { loadOperations, type OperationList, type PreparedOperation } from '../serve/documents.ts'
import { createExecutor, type Engine, type Executor } from '../serve/execute.ts'
import { registerEngine } from '../serve/mercurius.ts'

const committed = fileURLToPath(new URL('../../../schema/manifest.json', import.meta.url))

/** A node's answers without HTTP around them. */
export interface AnsweringNode extends AsyncDisposable {
  readonly data: NodeData
  readonly cache: ByteCache
  readonly answers: Answers
  /** Executes by what the node runs on. */
  readonly executor: Executor
  /** mercurius, which says what an operation means. */
  readonly reference: Executor
  readonly operations: OperationList
  operation(name: string): PreparedOperation
}

export interface AnsweringNodeOptions {
  readonly directory: string
  readonly cloud: Pick<MemoryCloud, 'storeId'> & NodeDataOptions['origin']
  readonly dataOptions?: Partial<NodeDataOptions>
  readonly cacheBytes?: number
  /** The operations it answers; the project's own without it. */
  readonly manifest?: string
  /** Stands between the answers and the engine. */
  readonly around?: (engine: Engine) => Engine
}

export const everybody: Caller = developer('test')

export async function answeringNode({ directory, cloud, dataOptions = {}, cacheBytes = 10_000_000, manifest = committed, around = (engine) => engine }: AnsweringNodeOptions): Promise<AnsweringNode> {
  await using stack = new AsyncDisposableStack()
  const data = stack.use(await openTestNode(directory, cloud, { storeId: cloud.storeId, extensions: [searchIndexExtension], waitMs: 20, mostPauseMs: 50, ...dataOptions }))
  const { schema, contextFor } = await createNodeGraph(data)
  const operations = await loadOperations(manifest, schema)
  const app = fastify()
  stack.defer(() => app.close())
  const mercurius = await registerEngine(app, schema)
  await app.ready()
  const log = createLogger('test', 'silent')
  const executor = createExecutor({ data, schema, engine: around(compilingEngine(schema, mercurius)), contextFor, log })
  const reference = createExecutor({ data, schema, engine: mercurius, contextFor, log })
  const cache = new ByteCache(data.moves, cacheBytes)
  const answers = new Answers({ cache, moves: data.moves, executor, manifestVersion: 'test' })
  const resources = stack.move()
  return {
    data,
    cache,
    answers,
    executor,
    reference,
    operations,
    operation(name) {
      const found = operations.byName.get(name)
      if (found === undefined) throw new Error(`The manifest has no ${name}.`)
      return found.operation
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
