import { buildSchema, execute, type GraphQLFieldResolver, type GraphQLSchema, isObjectType, parse } from 'graphql'
import { isObject, type JsonObject } from '../../runtime/json.ts'

/** Resolvers by type and field, as a subgraph's, without references. */
export type PlainResolvers = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** One schema executed in one process by graphql-js: the yardstick for what a federated graph must answer. */
export function createMonolith(sdl: string, resolvers: PlainResolvers): { schema: GraphQLSchema; ask: (query: string, variables?: JsonObject) => Promise<{ data: unknown; errors: number }> } {
  const schema = buildSchema(sdl)
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName)
    if (!isObjectType(type)) continue
    for (const [name, resolve] of Object.entries(fields)) {
      const field = type.getFields()[name]
      if (field !== undefined && isResolver(resolve)) field.resolve = resolve
    }
  }
  return {
    schema,
    async ask(query, variables = {}) {
      const { data, errors = [] } = await execute({ schema, document: parse(query), variableValues: variables })
      const plain: unknown = JSON.parse(JSON.stringify(data))
      return { data: plain, errors: errors.length }
    },
  }
}

function isResolver(value: unknown): value is GraphQLFieldResolver<unknown, unknown> {
  return typeof value === 'function'
}

/** The order of keys counts in a response; this tells it apart where deep equality does not. */
export function keyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(keyOrder)
  return isObject(value) ? Object.entries(value).map(([key, item]) => [key, keyOrder(item)]) : value
}
