import { type GraphQLNamedType, type GraphQLSchema, getNamedType, isInterfaceType, isObjectType, Kind, type SelectionNode } from 'graphql'
import type { TypeSystem } from '../supergraph/types.ts'
import type { FlattenNodePathSegment } from './planner.ts'
import { hasSelections, isOfKey, type Parent } from './selections.ts'

/** One step on a way down through an operation. */
export interface Step {
  readonly node: Parent
  readonly type: GraphQLNamedType
  /** Where it leads to in the response. */
  readonly path: readonly FlattenNodePathSegment[]
}

interface Graph {
  readonly schema: GraphQLSchema
  readonly types: TypeSystem
}

/** Null where the schema has no such field or type. */
export function stepInto(schema: GraphQLSchema, above: readonly FlattenNodePathSegment[], parent: GraphQLNamedType, node: Parent): Step | null {
  if (node.kind === Kind.INLINE_FRAGMENT) {
    const condition = node.typeCondition?.name.value ?? parent.name
    const type = schema.getType(condition)
    return type === undefined ? null : { node, type, path: [...above, { TypeCondition: [condition] }] }
  }
  const definition = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined
  if (definition === undefined) return null
  return { node, type: getNamedType(definition.type), path: [...above, { Field: node.alias?.value ?? node.name.value }] }
}

/**
 * Of fields that an interface object adds, selected on several types at one place, the planner asks for all types together but sends the
 * entities of one; where one of them requires something, it reads that for the selected type but sends the entities of all. The way to the first type for which it does; null when
 * there is none.
 */
export function towardsLoss(graph: Graph, type: GraphQLNamedType, path: readonly FlattenNodePathSegment[], selections: readonly SelectionNode[]): Step[] | null {
  const { schema, types } = graph
  const ofObject = (name: string, inside: readonly SelectionNode[]): readonly SelectionNode[] => inside.filter((selection) => selection.kind === Kind.FIELD && types.isOfInterfaceObject(name, selection.name.value))
  const adds = (name: string, inside: readonly SelectionNode[]): boolean => ofObject(name, inside).some((selection) => !types.keysOfType(name).some((key) => isOfKey(selection, key)))
  const needy = (name: string, inside: readonly SelectionNode[]): boolean => ofObject(name, inside).some((selection) => selection.kind === Kind.FIELD && types.requirementOf(name, selection.name.value) !== null)
  const narrowing = selections.filter((selection) => selection.kind === Kind.INLINE_FRAGMENT).map((node) => ({ node, name: node.typeCondition?.name.value ?? type.name, inside: node.selectionSet.selections }))
  // An object of a key that is read again counts against whatever else is asked, which may take the entities of its own type in its place.
  const rereads = narrowing.some(({ name, inside }) => ofObject(name, inside).some((selection) => selection.kind === Kind.FIELD && selection.alias !== undefined && types.keyObjects.has(selection.name.value)))
  const asking = narrowing.filter(({ name, inside }) => rereads || ofObject(name, inside).length > 0).length + (adds(type.name, selections) ? 1 : 0)
  const added = new Set<SelectionNode>(narrowing.filter(({ name, inside }) => (asking > 1 && adds(name, inside)) || needy(name, inside)).map(({ node }) => node))
  for (const node of selections) {
    if (node.kind === Kind.FRAGMENT_SPREAD || !hasSelections(node)) continue
    const step = stepInto(schema, path, type, node)
    if (step === null) continue
    if (added.has(node) && isObjectType(step.type)) return [step]
    const below = towardsLoss(graph, step.type, step.path, node.selectionSet.selections)
    if (below !== null) return [step, ...below]
  }
  return null
}
