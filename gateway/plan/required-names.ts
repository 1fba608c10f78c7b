import { type ConstDirectiveNode, type DefinitionNode, type DocumentNode, type FieldDefinitionNode, type FieldNode, isTypeDefinitionNode, Kind, print, type SelectionNode, type TypeDefinitionNode, visit } from 'graphql'
import { objectLike } from '../supergraph/ast.ts'
import type { PlanNode, RequiresSelection } from './planner.ts'
import { parseSelections } from './selections.ts'

/** How the names start under which plans read what is required with arguments. */
const prefix = '_aisle_needs_'

const named = new RegExp(`(?:(\\w+)\\s*:\\s*)?\\b(${prefix}\\d+_\\w+)`, 'g')

/** A supergraph as it is planned over, and how its plans are read. */
export interface NamedSupergraph {
  readonly document: DocumentNode
  /** The plan as the subgraphs understand it. */
  readonly restore: (plan: PlanNode) => PlanNode
}

/** True for a name that stands for a field with arguments in plans. */
export function isRequiredName(name: string): boolean {
  return name.startsWith(prefix)
}

/**
 * Gives every field that `@requires` reads below an object with several arguments a name of its own for each, without any. Where fields require another with
 * different arguments there, the planner ends the process; so it sees different fields.
 */
export function withRequiredNames(supergraph: DocumentNode): NamedSupergraph {
  const names = new Names(supergraph)
  const definitions = supergraph.definitions.map((definition) => names.inDefinition(definition)).map((definition) => names.add(definition))
  return names.texts.size === 0 ? { document: supergraph, restore: (plan) => plan } : { document: { kind: Kind.DOCUMENT, definitions }, restore: (plan) => restored(plan, names.texts) }
}

class Names {
  readonly #types = new Map<string, TypeDefinitionNode>()
  /** By type and field, the names that stand for it. */
  readonly #added = new Map<string, Set<string>>()
  readonly #byText = new Map<string, string>()
  /** What each name stands for. */
  readonly texts = new Map<string, string>()

  /** By field, with what arguments it is required. */
  readonly #required = new Map<string, Set<string>>()

  constructor({ definitions }: DocumentNode) {
    for (const definition of definitions) if (isTypeDefinitionNode(definition)) this.#types.set(definition.name.value, definition)
    visit(
      { kind: Kind.DOCUMENT, definitions },
      {
        Directive: ({ name, arguments: given = [] }) => {
          const requires = name.value === 'join__field' ? given.find((argument) => argument.name.value === 'requires')?.value : undefined
          if (requires?.kind === Kind.STRING) visit(parseSelections(requires.value), { Field: (field) => void this.#required.set(field.name.value, (this.#required.get(field.name.value) ?? new Set()).add(textOf(field))) })
        },
      },
    )
  }

  /** The definition with its requirements by their names. */
  inDefinition(definition: DefinitionNode): DefinitionNode {
    if (!objectLike(definition)) return definition
    return { ...definition, fields: (definition.fields ?? []).map((field) => ({ ...field, directives: (field.directives ?? []).map((directive) => this.#inJoin(directive, definition.name.value)) })) }
  }

  /** The definition with the names that stand for its fields. */
  add(definition: DefinitionNode): DefinitionNode {
    if (!objectLike(definition)) return definition
    const own = [definition, ...(definition.interfaces ?? [])].map(({ name }) => name.value)
    const fields = (definition.fields ?? []).flatMap((field): FieldDefinitionNode[] => {
      const names = new Set(own.flatMap((type) => [...(this.#added.get(`${type}.${field.name.value}`) ?? [])]))
      return [field, ...[...names].map((value): FieldDefinitionNode => ({ ...field, name: { kind: Kind.NAME, value }, arguments: [] }))]
    })
    return { ...definition, fields }
  }

  #inJoin(directive: ConstDirectiveNode, type: string): ConstDirectiveNode {
    if (directive.name.value !== 'join__field') return directive
    const given = (directive.arguments ?? []).map((argument) => {
      const { name, value } = argument
      if (name.value !== 'requires' || value.kind !== Kind.STRING) return argument
      const selections = this.#inSelections(parseSelections(value.value).selections, type, true)
      return { ...argument, value: { ...value, value: print({ kind: Kind.SELECTION_SET, selections }).slice(1, -1).replaceAll(/\s+/g, ' ').trim() } }
    })
    return { ...directive, arguments: given }
  }

  #inSelections(selections: readonly SelectionNode[], type: string, isTop: boolean): readonly SelectionNode[] {
    return selections.map((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return selection
      if (selection.kind === Kind.INLINE_FRAGMENT) return { ...selection, selectionSet: { ...selection.selectionSet, selections: this.#inSelections(selection.selectionSet.selections, selection.typeCondition?.name.value ?? type, isTop) } }
      const definition = this.#types.get(type)
      const field = definition !== undefined && objectLike(definition) ? definition.fields?.find(({ name }) => name.value === selection.name.value) : undefined
      if (field === undefined) return selection
      const { selectionSet } = selection
      const below = selectionSet === undefined ? selection : { ...selection, selectionSet: { ...selectionSet, selections: this.#inSelections(selectionSet.selections, namedType(field), false) } }
      return isTop || (field.arguments ?? []).length === 0 || (this.#required.get(field.name.value)?.size ?? 0) < 2 ? below : this.#named(below, type)
    })
  }

  #named(field: FieldNode, type: string): FieldNode {
    const { name } = field
    const text = textOf(field)
    const value = this.#byText.get(text) ?? `${prefix}${this.#byText.size}_${name.value}`
    this.#byText.set(text, value)
    this.texts.set(value, text)
    const slot = `${type}.${name.value}`
    this.#added.set(slot, (this.#added.get(slot) ?? new Set()).add(value))
    return { kind: Kind.FIELD, name: { kind: Kind.NAME, value }, ...(field.selectionSet === undefined ? {} : { selectionSet: field.selectionSet }) }
  }
}

function restored(plan: PlanNode, texts: ReadonlyMap<string, string>): PlanNode {
  const inOperation = (operation: string): string => operation.replaceAll(named, (whole: string, alias: string | undefined, name: string) => (texts.has(name) ? `${alias ?? name}: ${texts.get(name)}` : whole))
  const read: unknown = JSON.parse(JSON.stringify(plan), (key, value: unknown) => {
    if (key === 'operation' && typeof value === 'string') return inOperation(value)
    return key === 'requires' && Array.isArray(value) ? sentByField(value as RequiresSelection[], texts) : value
  })
  return read as PlanNode
}

/** Subgraphs are sent what is required by the names of its fields. */
function sentByField(selections: readonly RequiresSelection[], texts: ReadonlyMap<string, string>): RequiresSelection[] {
  return selections.map((selection) => {
    if (!('selections' in selection) && selection.kind !== 'Field') return selection
    const selected = selection.selections === undefined ? {} : { selections: sentByField(selection.selections, texts) }
    if (selection.kind !== 'Field') return { ...selection, ...selected }
    const output = selection.alias ?? selection.name
    const text = texts.get(output)
    return { ...selection, ...selected, ...(text === undefined ? {} : { alias: text.split('(')[0] ?? text }) }
  })
}

/** True when nothing is sent for two fields at once: where two require another with different arguments, one would get what the other requires. */
export function sendsEachApart(plan: PlanNode | null): boolean {
  let apart = true
  JSON.stringify(plan, (key, value: unknown) => {
    if (key === 'requires' && Array.isArray(value) && !outputsDiffer(value as RequiresSelection[])) apart = false
    return value
  })
  return apart
}

function outputsDiffer(selections: readonly RequiresSelection[]): boolean {
  const names = new Map<string, string>()
  return selections.every((selection) => {
    if ('selections' in selection && selection.selections !== undefined && !outputsDiffer(selection.selections)) return false
    if (selection.kind !== 'Field') return true
    const output = selection.alias ?? selection.name
    const before = names.get(output) ?? selection.name
    names.set(output, selection.name)
    return before === selection.name
  })
}

function textOf({ name, arguments: given = [] }: FieldNode): string {
  return given.length === 0 ? name.value : `${name.value}(${given.map((argument) => print(argument)).toSorted().join(', ')})`
}

function namedType({ type }: FieldDefinitionNode): string {
  let bare = type
  while (bare.kind !== Kind.NAMED_TYPE) bare = bare.type
  return bare.name.value
}
