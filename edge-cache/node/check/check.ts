import { performance } from 'node:perf_hooks'
import { execute, type GraphQLSchema } from 'graphql'
import { AisleError } from '../../../runtime/errors.ts'
import { readManifest } from '../../../runtime/graphql/persisted.ts'
import { developer } from '../../../runtime/identity/caller.ts'
import type { JsonObject } from '../../../runtime/json.ts'
import { createLogger } from '../../../runtime/log.ts'
import { compilingEngine } from '../compile/engine.ts'
import { createNodeGraph } from '../graph.ts'
import { prepareOperation, type PreparedOperation } from '../serve/documents.ts'
import { createExecutor, type Engine } from '../serve/execute.ts'
import { nodeDataOf, type Copy } from './copy.ts'
import { checkOperation, failedRun, faultsOf, type OperationReport, type Run } from './operation.ts'
import { readSamples } from './samples.ts'
import { accessOf, recordingConnection, rowsOf } from './statements.ts'

export interface CheckOptions {
  readonly copy: Copy
  /** Path of the operations, in Apollo's format. */
  readonly manifest: string
  /** Executions of each operation's worst case. */
  readonly runs: number
  /** Milliseconds that no operation may exceed; none without it. */
  readonly budgetMs?: number
  /** Rows from which on going through a whole table is named. */
  readonly largeTable: number
  readonly onProgress?: (done: number, total: number, name: string) => void
}

export interface CheckReport {
  readonly storeId: string
  /** '<epoch>:<batch>' of the copy. */
  readonly position: string
  readonly replica: { readonly bytes: number; readonly rows: Readonly<Record<string, number>> }
  readonly budgetMs: number | null
  readonly operations: readonly OperationReport[]
  /** What keeps the manifest from being published: empty for none. */
  readonly problems: readonly string[]
}

/** Proves for each operation of a manifest that a node with this copy can answer it offline. @throws AisleError CONFIG_INVALID */
export async function checkOperations({ copy, manifest, runs, budgetMs, largeTable, onProgress }: CheckOptions): Promise<CheckReport> {
  const data = nodeDataOf(copy)
  const { schema, cloudOnly, contextFor } = await createNodeGraph(data)
  const log = createLogger('check', 'silent')
  const executor = createExecutor({ data, schema, engine: compilingEngine(schema, plainEngine(schema)), contextFor, log })
  // Everything is to be tried, whoever may ask for it.
  const caller = developer()
  const seen = new Set<string>()
  const watched = nodeDataOf(copy, recordingConnection(copy.connection, (text) => seen.add(text)))
  const watchedGraph = await createNodeGraph(watched)
  const watching = createExecutor({ data: watched, schema: watchedGraph.schema, engine: plainEngine(watchedGraph.schema), contextFor: watchedGraph.contextFor, log })
  const tools = {
    schema,
    cloudOnly,
    runs,
    samples: readSamples(copy),
    async run(operation: PreparedOperation, variables: JsonObject): Promise<Run> {
      const began = performance.now()
      try {
        const answer = await executor.run(operation, variables, caller)
        JSON.stringify(answer.data)
        return { ms: performance.now() - began, errors: faultsOf(answer.errors) }
      } catch (error) {
        return failedRun(error, performance.now() - began)
      }
    },
    async accessOf(operation: PreparedOperation, sets: readonly JsonObject[]) {
      seen.clear()
      for (const variables of sets) await watching.run(operation, variables, caller)
      return accessOf(copy.connection, seen, largeTable)
    },
  }

  const entries = [...(await readManifest(manifest))]
  const operations: OperationReport[] = []
  for (const [id, source] of entries) {
    const prepared = prepare(id, source, schema)
    onProgress?.(operations.length, entries.length, prepared.operation?.name ?? id)
    operations.push(prepared.operation === null ? invalid(id, source, prepared.fault) : await checkOperation(prepared.operation, tools))
  }
  const position = data.status().position
  return {
    storeId: copy.storeId,
    position: `${position?.epoch}:${position?.batch}`,
    replica: { bytes: copy.bytes, rows: Object.fromEntries(['product', 'category', 'stock', 'list_price', 'store_price', 'neighbours', 'device', 'reading'].map((table) => [table, rowsOf(copy.connection, table)])) },
    budgetMs: budgetMs ?? null,
    operations,
    problems: operations.flatMap((operation) => problemsOf(operation, budgetMs)),
  }
}

function problemsOf({ name, offline, reasons, maxMs }: OperationReport, budgetMs: number | undefined): string[] {
  if (offline === 'no') return [`${name} cannot be answered offline: ${reasons.join('; ')}`]
  return maxMs !== null && budgetMs !== undefined && maxMs > budgetMs ? [`${name} took ${maxMs.toFixed(1)} ms, more than the budget of ${budgetMs} ms`] : []
}

/** As an operation means, without a server. */
function plainEngine(schema: GraphQLSchema): Engine {
  return async ({ document }, context, variables) => {
    const result = await execute({ schema, document, contextValue: context, variableValues: variables })
    if (result.data === undefined) throw new AisleError('BAD_USER_INPUT', result.errors?.[0]?.message)
    return result
  }
}

function prepare(id: string, source: string, schema: GraphQLSchema): { readonly operation: PreparedOperation; readonly fault: null } | { readonly operation: null; readonly fault: string } {
  try {
    return { operation: prepareOperation(id, source, schema), fault: null }
  } catch (error) {
    return { operation: null, fault: error instanceof Error ? error.message : String(error) }
  }
}

function invalid(id: string, source: string, fault: string): OperationReport {
  const [, type = 'query', name = id] = /\b(query|mutation|subscription)\s+(\w+)/.exec(source) ?? []
  return {
    name, id, type: type as OperationReport['type'], offline: 'no', reasons: [fault], cloudOnly: [], otherStores: [],
    access: { tables: [], indexes: [], scans: [] }, worst: null, runs: 0, p50Ms: null, maxMs: null,
  }
}
