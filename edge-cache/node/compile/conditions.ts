import { Kind, visit, type DirectiveNode, type DocumentNode } from 'graphql'

/** The variables on which it depends which fields are asked for: those of @include and @skip. */
export function conditionVariables(document: DocumentNode): string[] {
  const names = new Set<string>()
  visit(document, {
    Directive({ name, arguments: given = [] }: DirectiveNode) {
      if (name.value !== 'include' && name.value !== 'skip') return
      for (const { value } of given) if (value.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names]
}
