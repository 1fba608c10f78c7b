import { type DirectiveNode, type DocumentNode, type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql'
import type { Amount } from './amount.ts'

/** Fields that one value answers: of one response name, under one type, under the same conditions. */
export interface GatheredField {
  /** The type that they are written under. */
  readonly typeName: string
  readonly fields: FieldNode[]
  /** 1 where they are part of the answer, else 0. */
  readonly when: Amount
}

/** What decides whether something is part of the answer: a variable and the value that it must have. */
type Condition = readonly [variable: string, wanted: boolean]

/** The fields of several selection sets of one place, those that are answered together as one. Each fragment is followed once at a place. */
export function gatherFields(document: DocumentNode, sets: readonly SelectionSetNode[], typeName: string): GatheredField[] {
  const fragments = new Map(document.definitions.flatMap((item): [string, FragmentDefinitionNode][] => (item.kind === Kind.FRAGMENT_DEFINITION ? [[item.name.value, item]] : [])))
  const found = new Map<string, GatheredField>()
  const followed = new Set<string>()
  const gather = ({ selections }: SelectionSetNode, type: string, conditions: readonly Condition[]): void => {
    for (const selection of selections) {
      const all = narrowed(conditions, selection.directives)
      if (all === null) continue
      if (selection.kind === Kind.FIELD) {
        const key = `${type} ${conditionKey(all)} ${(selection.alias ?? selection.name).value}`
        const known = found.get(key)
        if (known === undefined) found.set(key, { typeName: type, fields: [selection], when: whenAll(all) })
        else known.fields.push(selection)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        gather(selection.selectionSet, selection.typeCondition?.name.value ?? type, all)
      } else {
        const fragment = fragments.get(selection.name.value)
        const key = `${selection.name.value} ${conditionKey(all)}`
        if (fragment === undefined || followed.has(key)) continue
        followed.add(key)
        gather(fragment.selectionSet, fragment.typeCondition.name.value, all)
      }
    }
  }
  for (const set of sets) gather(set, typeName, [])
  return [...found.values()]
}

/** The conditions with those of `@skip` and `@include` added; null when they can never hold. */
function narrowed(conditions: readonly Condition[], directives: readonly DirectiveNode[] | undefined): readonly Condition[] | null {
  let all = conditions
  for (const { name, arguments: given } of directives ?? []) {
    if (name.value !== 'skip' && name.value !== 'include') continue
    const wanted = name.value === 'include'
    const value = given?.[0]?.value
    if (value?.kind === Kind.BOOLEAN && value.value !== wanted) return null
    if (value?.kind !== Kind.VARIABLE) continue
    const variable = value.name.value
    const known = all.find(([other]) => other === variable)
    if (known === undefined) all = [...all, [variable, wanted]]
    else if (known[1] !== wanted) return null
  }
  return all
}

function conditionKey(conditions: readonly Condition[]): string {
  return conditions.map(([variable, wanted]) => `${wanted ? '' : '!'}${variable}`).toSorted().join('&')
}

function whenAll(conditions: readonly Condition[]): Amount {
  if (conditions.length === 0) return 1
  return (variables) => (conditions.every(([variable, wanted]) => (variables[variable] === true) === wanted) ? 1 : 0)
}
