import {
  GraphQLList, GraphQLObjectType, GraphQLSchema, isListType, isNonNullType, isObjectType,
  type GraphQLFieldConfig, type GraphQLOutputType,
} from 'graphql'

/**
 * The queries of a schema with null allowed everywhere: a field that cannot be answered takes nothing else with it, so that its place shows.
 * The resolvers are the same.
 */
export function lenientSchema(schema: GraphQLSchema): GraphQLSchema {
  const made = new Map<string, GraphQLObjectType>()
  const object = (type: GraphQLObjectType): GraphQLObjectType => {
    const known = made.get(type.name)
    if (known !== undefined) return known
    const { interfaces: _, fields, isTypeOf: __, ...config } = type.toConfig()
    const lenient: GraphQLObjectType = new GraphQLObjectType({
      ...config,
      fields: () => Object.fromEntries(Object.entries(fields).map(([name, field]): [string, GraphQLFieldConfig<unknown, unknown>] => [name, { ...field, type: nullable(field.type) }])),
    })
    made.set(type.name, lenient)
    return lenient
  }
  const nullable = (type: GraphQLOutputType): GraphQLOutputType => {
    if (isNonNullType(type)) return nullable(type.ofType)
    if (isListType(type)) return new GraphQLList(nullable(type.ofType))
    return isObjectType(type) ? object(type) : type
  }
  const query = schema.getQueryType()
  return new GraphQLSchema({ query: query === null || query === undefined ? query : object(query), directives: schema.getDirectives(), assumeValid: true })
}
