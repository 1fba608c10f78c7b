import { type DocumentNode, executeSync, type FragmentDefinitionNode, type GraphQLSchema, type InlineFragmentNode, Kind, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode, visit } from 'graphql'
import type { JsonObject } from './json.ts'

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/** One operation parted into what the gateway answers itself and what must be fetched; null for a part that is empty. */
export interface Parted {
  readonly introspection: DocumentNode | null
  readonly fetched: DocumentNode | null
}

/** Parts `__schema`, `__type` and the root's `__typename` from the fields that subgraphs answer. */
export function partIntrospection(operation: OperationDefinitionNode, fragments: Fragments): Parted {
  return {
    introspection: keepFields(operation, fragments, (name) => name === '__schema' || name === '__type'),
    fetched: keepFields(operation, fragments, (name) => !name.startsWith('__')),
  }
}

/** Answers introspection from the public schema; the result is to be merged into the root of the data. */
export function introspect(schema: GraphQLSchema, document: DocumentNode, variables: JsonObject): JsonObject {
  return { ...executeSync({ schema, document, variableValues: variables }).data }
}

function keepFields(operation: OperationDefinitionNode, fragments: Fragments, keep: (name: string) => boolean): DocumentNode | null {
  const selections = filterRoot(operation.selectionSet, fragments, keep)
  if (selections.length === 0) return null
  const root: OperationDefinitionNode = { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } }
  const used = usedFragments(root, fragments)
  return { kind: Kind.DOCUMENT, definitions: [root, ...used] }
}

function filterRoot(set: SelectionSetNode, fragments: Fragments, keep: (name: string) => boolean): SelectionNode[] {
  return set.selections.flatMap((selection): SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return keep(selection.name.value) ? [selection] : []
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
    if (fragment === undefined) return []
    const selections = filterRoot(fragment.selectionSet, fragments, keep)
    if (selections.length === 0) return []
    const inline: InlineFragmentNode = {
      kind: Kind.INLINE_FRAGMENT,
      selectionSet: { kind: Kind.SELECTION_SET, selections },
      ...(fragment.typeCondition === undefined ? {} : { typeCondition: fragment.typeCondition }),
      ...(selection.directives === undefined ? {} : { directives: selection.directives }),
    }
    return [inline]
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
