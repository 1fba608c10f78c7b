import type { GraphQLSchema } from 'graphql'
import type { PreparedOperation } from '../serve/documents.ts'
import type { Engine } from '../serve/execute.ts'
import { compileQuery, type CompiledQuery } from './compile.ts'

/** Runs what can be compiled itself, each operation compiled when it is first asked for, and leaves the rest to `general`. */
export function compilingEngine(schema: GraphQLSchema, general: Engine): Engine {
  const compiled = new WeakMap<PreparedOperation, { readonly query: CompiledQuery | null }>()
  return (operation, context, variables) => {
    let known = compiled.get(operation)
    if (known === undefined) compiled.set(operation, (known = { query: compileQuery(schema, operation.document) }))
    return known.query === null ? general(operation, context, variables) : known.query(context, variables)
  }
}
