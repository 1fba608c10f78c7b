import {
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  visit,
} from 'graphql'
import { mapInnerNodes } from './inner-nodes.ts'
import type { PlanNode } from './planner.ts'
import type { MissingMembers } from './widen.ts'

/** A request of a plan. */
interface Request {
  readonly serviceName: string
  readonly operation: string
  readonly variableUsages?: string[]
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

/**
 * Leaves out of every request of a plan what it asks of union members that its subgraph does not know.
 * @param schema with every type that plans may name
 * @param missing by union and subgraph name
 */
export function withKnownMembers(plan: PlanNode, schema: GraphQLSchema, missing: MissingMembers): PlanNode {
  const at = (node: PlanNode): PlanNode => {
    switch (node.kind) {
      case 'Fetch':
      case 'BatchFetch':
        return { ...node, ...narrowRequest(node, schema, missing) }
      case 'Subscription':
        return { ...node, primary: { ...node.primary, ...narrowRequest(node.primary, schema, missing) } }
      default:
        return mapInnerNodes(node, at)
    }
  }
  return at(plan)
}

function narrowRequest(request: Request, schema: GraphQLSchema, missing: MissingMembers): Request {
  const { serviceName, operation, variableUsages } = request
  if (![...missing.values()].some((byGraph) => byGraph.has(serviceName))) return request
  const document = narrowDocument(parse(operation, { noLocation: true }), schema, (union, member) => missing.get(union)?.get(serviceName)?.has(member) === true)
  const variables = new Set(document.definitions.flatMap((definition) => (definition.kind === Kind.OPERATION_DEFINITION ? (definition.variableDefinitions ?? []).map(({ variable }) => variable.name.value) : [])))
  return { serviceName, operation: stripIgnoredCharacters(print(document)), ...(variableUsages === undefined ? {} : { variableUsages: variableUsages.filter((name) => variables.has(name)) }) }
}

function narrowDocument(document: DocumentNode, schema: GraphQLSchema, lacks: (union: string, member: string) => boolean): DocumentNode {
  const fragments = new Map(document.definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [])))
  const within = (type: GraphQLNamedType | undefined, set: SelectionSetNode): SelectionSetNode => {
    const selections = set.selections.flatMap((node): SelectionNode[] => {
      if (node.kind === Kind.FIELD) return [node.selectionSet === undefined ? node : { ...node, selectionSet: within(typeOf(type, node), node.selectionSet) }]
      const condition = (node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node)?.typeCondition?.name.value
      if (condition !== undefined && isUnionType(type) && lacks(type.name, condition)) return []
      if (node.kind === Kind.FRAGMENT_SPREAD) return [node]
      return [{ ...node, selectionSet: within(condition === undefined ? type : schema.getType(condition), node.selectionSet) }]
    })
    return { ...set, selections: selections.length === 0 ? [typename] : selections }
  }
  const definitions = document.definitions.map((definition) => {
    if (definition.kind === Kind.OPERATION_DEFINITION) return { ...definition, selectionSet: within(schema.getRootType(definition.operation) ?? undefined, definition.selectionSet) }
    return definition.kind === Kind.FRAGMENT_DEFINITION ? { ...definition, selectionSet: within(schema.getType(definition.typeCondition.name.value), definition.selectionSet) } : definition
  })
  return withoutUnused(definitions)
}

/** A subgraph refuses documents that define a fragment or a variable and do not use it. */
function withoutUnused(definitions: readonly DefinitionNode[]): DocumentNode {
  const fragments = new Map(definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [])))
  const spread = new Set<string>()
  const variables = new Set<string>()
  const use = (set: SelectionSetNode): void => {
    visit(set, {
      Variable({ name }) {
        variables.add(name.value)
      },
      FragmentSpread({ name }) {
        const fragment = fragments.get(name.value)
        if (fragment === undefined || spread.has(name.value)) return
        spread.add(name.value)
        use(fragment.selectionSet)
      },
    })
  }
  for (const definition of definitions) if (definition.kind === Kind.OPERATION_DEFINITION) use(definition.selectionSet)
  const kept = definitions.flatMap((definition): DefinitionNode[] => {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) return spread.has(definition.name.value) ? [definition] : []
    if (definition.kind !== Kind.OPERATION_DEFINITION) return [definition]
    return [{ ...definition, variableDefinitions: definition.variableDefinitions?.filter(({ variable }) => variables.has(variable.name.value)) ?? [] }]
  })
  return { kind: Kind.DOCUMENT, definitions: kept }
}

function typeOf(parent: GraphQLNamedType | undefined, { name }: FieldNode): GraphQLNamedType | undefined {
  const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name.value] : undefined
  return field === undefined ? undefined : getNamedType(field.type)
}
