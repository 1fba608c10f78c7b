import { type GraphQLNamedType, type GraphQLSchema, getNamedType, isInterfaceType, isObjectType, Kind, type OperationDefinitionNode, type SelectionNode } from 'graphql'
import type { TypeSystem } from '../supergraph/types.ts'
import { selectionOf } from './entity-root.ts'
import { hasSelections, merged } from './selections.ts'

/**
 * Asks for the key wherever an interface that has interface objects is narrowed to its types: to tell the type of an interface object it
 * must be found by its key, which the planner forgets on some plans.
 */
export function withInterfaceKeys(operation: OperationDefinitionNode, schema: GraphQLSchema, types: TypeSystem): OperationDefinitionNode {
  const root = schema.getRootType(operation.operation)
  if (!root || types.interfaceObjects.size === 0) return operation
  const within = (type: GraphQLNamedType | undefined, selections: readonly SelectionNode[]): readonly SelectionNode[] => {
    const below = selections.map((node) => {
      if (node.kind === Kind.FRAGMENT_SPREAD || !hasSelections(node)) return node
      return { ...node, selectionSet: { ...node.selectionSet, selections: within(typeBelow(schema, type, node), node.selectionSet.selections) } }
    })
    const [key] = type !== undefined && types.interfaceObjects.has(type.name) ? types.keysOfType(type.name) : []
    return key !== undefined && selections.some(({ kind }) => kind === Kind.INLINE_FRAGMENT) ? merged([...below, ...selectionOf(key).selections]) : below
  }
  return { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: within(root, operation.selectionSet.selections) } }
}

function typeBelow(schema: GraphQLSchema, parent: GraphQLNamedType | undefined, node: SelectionNode): GraphQLNamedType | undefined {
  if (node.kind === Kind.INLINE_FRAGMENT) return node.typeCondition === undefined ? parent : schema.getType(node.typeCondition.name.value)
  if (node.kind !== Kind.FIELD || !(isObjectType(parent) || isInterfaceType(parent))) return undefined
  const field = parent.getFields()[node.name.value]
  return field === undefined ? undefined : getNamedType(field.type)
}
