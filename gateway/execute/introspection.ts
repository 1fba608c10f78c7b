import { type DocumentNode, executeSync, type FragmentDefinitionNode, type GraphQLSchema, Kind, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode, visit } from 'graphql'
import type { JsonObject } from '../../runtime/json.ts'

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/** The part of an operation that the gateway answers itself, `__schema` and `__type`; null when there is none. */
export function introspectionOf(operation: OperationDefinitionNode, fragments: Fragments): DocumentNode | null {
  const selections = introspectionFields(operation.selectionSet, fragments)
  if (selections.length === 0) return null
  const root: OperationDefinitionNode = { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } }
  return { kind: Kind.DOCUMENT, definitions: [root, ...usedFragments(root, fragments)] }
}

/** Answers introspection from the public schema; the result is to be merged into the root of the data. */
export function introspect(schema: GraphQLSchema, document: DocumentNode, variables: JsonObject): JsonObject {
  return { ...executeSync({ schema, document, variableValues: variables }).data }
}

function introspectionFields(set: SelectionSetNode, fragments: Fragments): SelectionNode[] {
  return set.selections.flatMap((selection): SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return selection.name.value === '__schema' || selection.name.value === '__type' ? [selection] : []
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
    const selections = fragment === undefined ? [] : introspectionFields(fragment.selectionSet, fragments)
    if (selections.length === 0) return []
    return [{ kind: Kind.INLINE_FRAGMENT, selectionSet: { kind: Kind.SELECTION_SET, selections }, ...(selection.directives === undefined ? {} : { directives: selection.directives }) }]
  })
}

function usedFragments(root: OperationDefinitionNode, fragments: Fragments): FragmentDefinitionNode[] {
  const used = new Set<FragmentDefinitionNode>()
  const follow = (node: OperationDefinitionNode | FragmentDefinitionNode): void => {
    visit(node, {
      FragmentSpread({ name }) {
        const fragment = fragments.get(name.value)
        if (fragment === undefined || used.has(fragment)) return
        used.add(fragment)
        follow(fragment)
      },
    })
  }
  follow(root)
  return [...used]
}
