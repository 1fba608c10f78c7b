import { type DocumentNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, visit } from 'graphql'

/**
 * One operation of a document, without its name and with the fragments it reaches, in the order of their names: documents
 * that ask for the same in the same way print the same, however they are laid out and whatever else they hold.
 * The document need not be valid.
 */
export function canonicalDocument(document: DocumentNode, operation: OperationDefinitionNode): { document: DocumentNode; operation: OperationDefinitionNode } {
  const fragments = new Map(document.definitions.flatMap((item) => (item.kind === Kind.FRAGMENT_DEFINITION ? [[item.name.value, item]] : [])))
  const reached = new Map<string, FragmentDefinitionNode>()
  const follow = (node: OperationDefinitionNode | FragmentDefinitionNode): void => {
    visit(node, {
      FragmentSpread({ name: { value } }) {
        const fragment = fragments.get(value)
        if (fragment === undefined || reached.has(value)) return
        reached.set(value, fragment)
        follow(fragment)
      },
    })
  }
  follow(operation)
  const { variableDefinitions, directives, selectionSet } = operation
  const unnamed: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: operation.operation,
    selectionSet,
    ...(variableDefinitions === undefined ? {} : { variableDefinitions }),
    ...(directives === undefined ? {} : { directives }),
  }
  const sorted = [...reached.values()].toSorted((one, other) => (one.name.value < other.name.value ? -1 : 1))
  return { document: { kind: Kind.DOCUMENT, definitions: [unnamed, ...sorted] }, operation: unnamed }
}
