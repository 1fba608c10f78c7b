import {
  defaultFieldResolver, isNonNullType, TypeNameMetaFieldDef,
  type FieldNode, type FragmentDefinitionNode, type GraphQLField, type GraphQLFieldResolver, type GraphQLObjectType, type GraphQLResolveInfo, type GraphQLSchema, type OperationDefinitionNode,
} from 'graphql'
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js'
import { argumentsReader } from './arguments.ts'
import { completion, type Complete } from './complete.ts'
import type { Variables } from './variables.ts'

/** One field of an object, ready to be answered. */
export interface FieldPlan {
  /** Its name in the answer. */
  readonly key: string
  /** What stands before its value in the answer's text. */
  readonly opening: string
  /** The same with null. */
  readonly nullText: string
  /** Among all fields of the operation. */
  readonly index: number
  readonly definition: GraphQLField<unknown, unknown>
  readonly nodes: readonly FieldNode[]
  readonly nullable: boolean
  readonly resolve: GraphQLFieldResolver<unknown, unknown>
  readonly readArguments: ReturnType<typeof argumentsReader>
  readonly info: GraphQLResolveInfo
  readonly complete: Complete
}

/** The fields of one object, in the order in which they are answered. */
export interface SelectionPlan {
  readonly fields: readonly FieldPlan[]
}

export interface Planned {
  readonly schema: GraphQLSchema
  readonly operation: OperationDefinitionNode
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>
}

/** Plans an operation for given values of the variables in its @include and @skip; other values do not matter here. */
export function planOperation(planned: Planned, root: GraphQLObjectType, variables: Variables): SelectionPlan {
  const { schema, operation } = planned
  const values = { ...variables }
  const fragments = { ...planned.fragments }
  let count = 0

  const plan = (type: GraphQLObjectType, groups: ReadonlyMap<string, readonly FieldNode[]>): SelectionPlan => {
    const known = [...groups].flatMap(([key, nodes]) => {
      const definition = fieldOf(type, nodes)
      return definition === null ? [] : [{ key, nodes, definition }]
    })
    return { fields: known.map(({ key, nodes, definition }, nth) => planField(type, key, `${nth === 0 ? '{' : ','}${JSON.stringify(key)}:`, nodes, definition)) }
  }

  const planField = (parent: GraphQLObjectType, key: string, opening: string, nodes: readonly FieldNode[], definition: GraphQLField<unknown, unknown>): FieldPlan => {
    const label = `${parent.name}.${definition.name}`
    const selection = (type: GraphQLObjectType): SelectionPlan => plan(type, collectSubfields(schema, fragments, values, type, [...nodes]))
    const [node] = nodes as [FieldNode]
    return {
      key,
      opening,
      nullText: `${opening}null`,
      index: count++,
      definition,
      nodes,
      nullable: !isNonNullType(definition.type),
      resolve: definition.resolve ?? defaultFieldResolver,
      readArguments: argumentsReader(definition, node),
      info: infoOf(planned, parent, definition, nodes),
      complete: completion(definition.type, { label, nodes }, selection),
    }
  }

  return plan(root, collectFields(schema, fragments, values, root, operation.selectionSet))
}

/** What validation lets through always exists; graphql passes over the rest too. */
function fieldOf(type: GraphQLObjectType, nodes: readonly FieldNode[]): GraphQLField<unknown, unknown> | null {
  const name = nodes[0]?.name.value ?? ''
  return name === TypeNameMetaFieldDef.name ? TypeNameMetaFieldDef : (type.getFields()[name] ?? null)
}

/** What does not depend on the request. Resolvers of this graph look at nothing else; one that did would be told at once. */
function infoOf({ schema, operation, fragments }: Planned, parentType: GraphQLObjectType, { name, type }: GraphQLField<unknown, unknown>, fieldNodes: readonly FieldNode[]): GraphQLResolveInfo {
  const known = { fieldName: name, fieldNodes, returnType: type, parentType, schema, operation, fragments }
  const unknown = (part: string) => ({
    enumerable: false,
    get(): never {
      throw new TypeError(`A compiled operation does not tell its resolvers \`info.${part}\`.`)
    },
  })
  return Object.defineProperties(known, { path: unknown('path'), rootValue: unknown('rootValue'), variableValues: unknown('variableValues') }) as unknown as GraphQLResolveInfo
}
