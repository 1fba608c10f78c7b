import type { GraphQLSchema } from 'graphql'
import { Soon } from '../../../subgraphs/shared/soon.ts'
import type { PreparedOperation } from '../serve/documents.ts'
import type { Engine } from '../serve/execute.ts'
import { compileQuery, type CompiledQuery } from './compile.ts'

/**
 * Runs what can be compiled itself, each operation compiled when it is first asked for, and leaves the rest to `general`. What is compiled
 * is driven: where every read is answered at once the result is here when the call returns.
 */
export function compilingEngine(schema: GraphQLSchema, general: Engine): Engine {
  const compiled = new WeakMap<PreparedOperation, { readonly query: CompiledQuery | null }>()
  return (operation, context, variables) => {
    let known = compiled.get(operation)
    if (known === undefined) compiled.set(operation, (known = { query: compileQuery(schema, operation.document) }))
    const { query } = known
    if (query === null) return general(operation, context, variables)
    const { batches } = context.environment
    const result = batches === undefined ? query(context, variables) : batches.drive(() => query(context, variables))
    return result instanceof Soon ? result.now : result
  }
}
