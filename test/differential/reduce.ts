import {
  Kind, parse, print, validate, visit, BREAK,
  type ASTNode, type DocumentNode, type GraphQLSchema,
} from 'graphql'

/** Every valid document that has one selection, condition or argument less; unused fragments and variables go with it. */
export function oneStepSmaller(schema: GraphQLSchema, text: string): string[] {
  const document = parse(text, { noLocation: true })
  const smaller = new Set<string>()
  for (const victim of removable(document)) {
    const reduced = print(swept(without(document, victim)))
    if (isValid(schema, reduced)) smaller.add(reduced)
  }
  return [...smaller].toSorted((a, b) => a.length - b.length)
}

/** What lost its last selection does not even parse. */
function isValid(schema: GraphQLSchema, text: string): boolean {
  try {
    return validate(schema, parse(text)).length === 0
  } catch {
    return false
  }
}

function removable(document: DocumentNode): ASTNode[] {
  const found: ASTNode[] = []
  visit(document, {
    enter(node) {
      if (node.kind === Kind.FIELD || node.kind === Kind.INLINE_FRAGMENT || node.kind === Kind.FRAGMENT_SPREAD) found.push(node)
      if (node.kind === Kind.DIRECTIVE || node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) found.push(node)
    },
  })
  return found
}

/** Without the node; fields and fragments that have nothing left go too. */
function without(document: DocumentNode, victim: ASTNode): DocumentNode {
  return visit(document, {
    enter: (node) => (node === victim ? null : undefined),
    leave(node) {
      if ((node.kind === Kind.FIELD || node.kind === Kind.INLINE_FRAGMENT) && node.selectionSet?.selections.length === 0) return null
      return undefined
    },
  })
}

/** Without fragments and variables that nothing uses. */
function swept(document: DocumentNode): DocumentNode {
  const isUsed = (kind: Kind.FRAGMENT_SPREAD | Kind.VARIABLE, name: string): boolean => {
    let used = false
    visit(document, {
      enter(node, _key, parent) {
        const declares = parent !== undefined && 'kind' in parent && parent.kind === Kind.VARIABLE_DEFINITION
        if (node.kind === kind && !declares && node.name.value === name) used = true
        return used ? BREAK : undefined
      },
    })
    return used
  }
  const left = visit(document, {
    FragmentDefinition: (node) => (isUsed(Kind.FRAGMENT_SPREAD, node.name.value) ? undefined : null),
    VariableDefinition: (node) => (isUsed(Kind.VARIABLE, node.variable.name.value) ? undefined : null),
  })
  return print(left) === print(document) ? left : swept(left)
}

