import { type DirectiveNode, type DocumentNode, Kind, visit } from 'graphql'
import type { JsonObject } from '../../runtime/json.ts'

/** The values of the variables that `@skip` and `@include` read in one document. */
export type Conditions = Readonly<Record<string, boolean>>

/** The names of the variables that decide which fields a document selects, in a fixed order. */
export function conditionVariables(document: DocumentNode): string[] {
  const names = new Set<string>()
  visit(document, {
    Directive({ name, arguments: given }) {
      if (name.value !== 'skip' && name.value !== 'include') return
      for (const { value } of given ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names].toSorted()
}

export function readConditions(names: readonly string[], variables: JsonObject): Conditions {
  return Object.fromEntries(names.map((name) => [name, variables[name] === true]))
}

/** True when a selection with these directives is part of the response. */
export function isIncluded(directives: readonly DirectiveNode[] | undefined, conditions: Conditions): boolean {
  return (directives ?? []).every(({ name, arguments: given }) => {
    if (name.value !== 'skip' && name.value !== 'include') return true
    const value = given?.[0]?.value
    const set = value?.kind === Kind.VARIABLE ? conditions[value.name.value] === true : value?.kind === Kind.BOOLEAN && value.value
    return set === (name.value === 'include')
  })
}
