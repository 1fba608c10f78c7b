import { type FieldNode, type FragmentDefinitionNode, Kind, parse, print, type SelectionSetNode } from 'graphql'
import type { TypeSystem } from '../supergraph/types.ts'
import type { FetchNode, FlattenNodePathSegment, PlanNode, RequiresSelection } from './planner.ts'
import { parseSelections } from './selections.ts'

/**
 * True when every field with `@requires` is sent what it requires. Where two fields require another with different arguments, the planner
 * reads it by several names, and on some plans sends the one in the other's place.
 */
export function keepsRequirements(plan: PlanNode | null, types: TypeSystem): boolean {
  return plan === null || types.readWithArguments.size === 0 || new Reader(types).keeps(plan)
}

/** A part of a request: what is selected at a place, on entities of which `requires` has been sent. */
interface Part {
  readonly selections: SelectionSetNode
  readonly path: string
  readonly requires: readonly RequiresSelection[]
}

class Reader {
  readonly #types: TypeSystem
  /** What stands at a place of the data when the plan has come this far: a field with its arguments. */
  readonly #read = new Map<string, string>()
  #fragments: ReadonlyMap<string, FragmentDefinitionNode> = new Map()

  constructor(types: TypeSystem) {
    this.#types = types
  }

  keeps(node: PlanNode): boolean {
    switch (node.kind) {
      case 'Sequence':
      case 'Parallel':
        return node.nodes.every((each) => this.keeps(each))
      case 'Fetch':
        return this.#request(node.operation, node.serviceName, () => ({ path: '', requires: [] }))
      case 'Flatten':
        return node.node.kind !== 'Fetch' || this.#entities(node.node, node.path)
      case 'BatchFetch': {
        const aliases = new Map(node.entityBatch.aliases.map((alias) => [alias.alias, alias]))
        return this.#request(node.operation, node.serviceName, (key) => ({ path: pathOf(aliases.get(key)?.paths[0] ?? []), requires: aliases.get(key)?.requires ?? [] }))
      }
      case 'Condition':
        return [node.ifClause, node.elseClause].every((clause) => !clause || this.keeps(clause))
      case 'Subscription':
        return this.keeps({ ...node.primary, kind: 'Fetch' })
      default:
        return true
    }
  }

  #entities({ operation, serviceName, requires = [] }: FetchNode, path: readonly FlattenNodePathSegment[]): boolean {
    return this.#request(operation, serviceName, () => ({ path: pathOf(path), requires }))
  }

  #request(operation: string, graph: string, partOf: (key: string) => Omit<Part, 'selections'>): boolean {
    const { definitions } = parse(operation, { noLocation: true })
    this.#fragments = new Map(definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [])))
    const set = definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)?.selectionSet
    const parts = this.#fieldsOf(set).flatMap(({ field }): Part[] => {
      const isEntities = field.name.value === '_entities' && field.selectionSet !== undefined
      return isEntities ? [{ ...partOf(keyOf(field)), selections: field.selectionSet }] : []
    })
    const kept = parts.every((part) => this.#fieldsOf(part.selections).every(({ field, type }) => this.#isSent(type, field, graph, part)))
    if (parts.length === 0) this.#note(set, '')
    for (const part of parts) this.#note(part.selections, part.path)
    return kept
  }

  #isSent(type: string, field: FieldNode, graph: string, { path, requires }: Part): boolean {
    const requirement = this.#types.requirementOf(type, field.name.value, graph)
    if (requirement === null) return true
    const sent = requires.flatMap((selection) => (selection.kind === 'InlineFragment' && this.#overlap(selection.typeCondition, type) ? selection.selections : []))
    return this.#agrees(parseSelections(requirement), sent, path)
  }

  #agrees(required: SelectionSetNode, sent: readonly RequiresSelection[], path: string): boolean {
    return required.selections.every((selection) => {
      if (selection.kind !== Kind.FIELD) return true
      const { name, selectionSet } = selection
      const found = sent.filter((each) => each.kind === 'Field' && (each.alias ?? each.name) === name.value)
      const names = new Set(found.flatMap((each) => (each.kind === 'Field' ? [each.name] : [])))
      if (names.size > 1) return false
      return found.every((each) => {
        if (each.kind !== 'Field') return true
        const place = `${path}/${each.name}`
        const read = this.#read.get(place)
        return (read === undefined || read === withArguments(selection)) && (selectionSet === undefined || this.#agrees(selectionSet, each.selections ?? [], place))
      })
    })
  }

  #note(set: SelectionSetNode | undefined, path: string): void {
    for (const { field } of this.#fieldsOf(set)) {
      const place = `${path}/${keyOf(field)}`
      if (this.#types.readWithArguments.has(field.name.value)) this.#read.set(place, withArguments(field))
      this.#note(field.selectionSet, place)
    }
  }

  /** The fields at one place, whatever fragments they stand in, with the name of the innermost type. */
  #fieldsOf(set: SelectionSetNode | undefined, type = ''): readonly { readonly field: FieldNode; readonly type: string }[] {
    return (set?.selections ?? []).flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [{ field: selection, type }]
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#fragments.get(selection.name.value)
      return this.#fieldsOf(fragment?.selectionSet, fragment?.typeCondition?.name.value ?? type)
    })
  }

  #overlap(one: string, other: string): boolean {
    return this.#types.satisfies(one, other) || this.#types.satisfies(other, one)
  }
}

function withArguments({ name, arguments: given = [] }: FieldNode): string {
  return `${name.value}(${given.map((argument) => print(argument)).toSorted().join()})`
}

function keyOf({ alias, name }: FieldNode): string {
  return (alias ?? name).value
}

/** Places are told apart by their fields alone: it is one place for the data, whatever stands there. */
function pathOf(path: readonly FlattenNodePathSegment[]): string {
  return path.map((segment) => (segment !== '@' && 'Field' in segment ? `/${segment.Field}` : '')).join('')
}
