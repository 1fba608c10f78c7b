import { type DocumentNode, type FieldNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse, parseType, print, type SelectionNode, type SelectionSetNode, stripIgnoredCharacters, type TypeNode } from 'graphql'
import { directiveArguments, objectLike } from '../supergraph/ast.ts'
import { mapInnerNodes } from './inner-nodes.ts'
import type { FetchRewrite, PlanNode } from './planner.ts'
import type { SplitPlanner } from './split.ts'

/** How the response keys start under which a request asks for what would not go with another field of it. */
const prefix = '_aisle_apart_'

/** The type that a subgraph gives a field; undefined where nothing is known of it. */
type TypeIn = (graph: string, parent: string, field: string) => TypeNode | undefined

/**
 * Objects of several types may have fields of one name and of different types. GraphQL lets a request ask for both at one place only under different
 * keys (SameResponseShape). The planner sees to that for what clients select, but not for what fields require; so every request is looked at, and such
 * fields get keys of their own, which are set right in the answer.
 * @param graphOf subgraphs' names by the names that the supergraph joins them under
 */
export function withResponseShapes(planner: SplitPlanner, supergraph: DocumentNode, graphOf: ReadonlyMap<string, string>): SplitPlanner {
  const typeIn = typesIn(supergraph, graphOf)
  const roots = rootTypes(supergraph)
  const objects = new Set(supergraph.definitions.flatMap((definition) => (definition.kind === Kind.OBJECT_TYPE_DEFINITION ? [definition.name.value] : [])))
  return {
    percentages: planner.percentages,
    async plan(operation, drawn) {
      const plan = await planner.plan(operation, drawn)
      return plan === null ? null : inNode(plan, (graph, text) => apart(text, { roots, objects, typeIn: (parent, field) => typeIn(graph, parent, field) }))
    },
  }
}

/** A request whose fields go together, and how its answer is set right. */
interface Apart {
  readonly operation: string
  readonly rewrites: readonly (readonly [root: string, rewrite: FetchRewrite])[]
}

function inNode(node: PlanNode, partedOf: (graph: string, operation: string) => Apart | null): PlanNode {
  switch (node.kind) {
    case 'Fetch':
      return inFetch(node, partedOf)
    case 'Subscription':
      return { ...node, primary: inFetch(node.primary, partedOf) }
    case 'BatchFetch': {
      const parted = partedOf(node.serviceName, node.operation)
      if (parted === null) return node
      const aliases = node.entityBatch.aliases.map((alias) => ({ ...alias, outputRewrites: [...parted.rewrites.flatMap(([root, rewrite]) => (root === alias.alias ? [rewrite] : [])), ...(alias.outputRewrites ?? [])] }))
      return { ...node, operation: parted.operation, entityBatch: { ...node.entityBatch, aliases } }
    }
    default:
      return mapInnerNodes(node, (inner) => inNode(inner, partedOf))
  }
}

function inFetch<Fetch extends { serviceName: string; operation: string; outputRewrites?: FetchRewrite[] | null | undefined }>(node: Fetch, partedOf: (graph: string, operation: string) => Apart | null): Fetch {
  const parted = partedOf(node.serviceName, node.operation)
  return parted === null ? node : { ...node, operation: parted.operation, outputRewrites: [...parted.rewrites.map(([, rewrite]) => rewrite), ...(node.outputRewrites ?? [])] }
}

/** What is known of a subgraph's types. */
interface Types {
  /** By kind of operation. */
  readonly roots: ReadonlyMap<string, string>
  readonly objects: ReadonlySet<string>
  readonly typeIn: (parent: string, field: string) => TypeNode | undefined
}

/** Null where all fields go together as they are. */
function apart(text: string, { roots, objects, typeIn }: Types): Apart | null {
  // All fields of one object type have different keys.
  if (!text.includes('...')) return null
  const { definitions } = parse(text, { noLocation: true })
  const fragments = new Map(definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [])))
  const operation = definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  if (operation === undefined) return null
  const { set: selectionSet, dropped } = inlined(operation.selectionSet, roots.get(operation.operation) ?? '', { fragments, objects, typeIn })
  const separator = new Separator(typeIn)
  separator.place([{ set: selectionSet, parent: roots.get(operation.operation) ?? '' }], [])
  if (separator.aliases.size === 0 && !dropped) return null
  const parted: OperationDefinitionNode = { ...operation, selectionSet: separator.renamed(selectionSet) }
  return { operation: stripIgnoredCharacters(print(parted)), rewrites: separator.rewrites }
}

/** One set of selections at a place, on objects of a type. */
interface Part {
  readonly set: SelectionSetNode
  readonly parent: string
}

class Separator {
  readonly #typeIn: (parent: string, field: string) => TypeNode | undefined
  readonly aliases = new Map<FieldNode, string>()
  readonly rewrites: [string, FetchRewrite][] = []

  constructor(typeIn: (parent: string, field: string) => TypeNode | undefined) {
    this.#typeIn = typeIn
  }

  /** @param path the keys that lead there, as they are once the answer has been set right */
  place(parts: readonly Part[], path: readonly string[]): void {
    const keys = Map.groupBy(parts.flatMap(({ set, parent }) => fieldsOf(set, parent)), ({ field }) => (field.alias ?? field.name).value)
    for (const [key, found] of keys) {
      const shapes = this.#byShape(found)
      const here = [...path, key]
      shapes.forEach((fields, index) => {
        if (index > 0) this.#rename(fields, here)
      })
      // Those that now have keys of their own have places of their own.
      for (const fields of shapes) this.place(fields.flatMap(({ field, parent }) => (field.selectionSet === undefined ? [] : [{ set: field.selectionSet, parent: namedType(this.#typeIn(parent, field.name.value)) }])), here)
    }
  }

  renamed(set: SelectionSetNode): SelectionSetNode {
    const selections = set.selections.map((selection): SelectionNode => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return selection
      const inside = selection.selectionSet === undefined ? {} : { selectionSet: this.renamed(selection.selectionSet) }
      if (selection.kind === Kind.INLINE_FRAGMENT) return { ...selection, ...inside }
      const alias = this.aliases.get(selection)
      return { ...selection, ...inside, ...(alias === undefined ? {} : { alias: { kind: Kind.NAME, value: alias } }) }
    })
    return { ...set, selections }
  }

  /** Fields of one key in groups that may share it. */
  #byShape(found: readonly Found[]): readonly (readonly Found[])[] {
    const groups: { readonly first: Found; readonly all: Found[] }[] = []
    for (const one of found) {
      const group = groups.find(({ first }) => this.#goTogether(first, one))
      if (group === undefined) groups.push({ first: one, all: [one] })
      else group.all.push(one)
    }
    return groups.map(({ all }) => all)
  }

  #goTogether(one: Found, other: Found): boolean {
    if (one.parent === other.parent) return true
    const types = [one, other].map(({ field, parent }) => this.#typeIn(parent, field.name.value))
    const [first, second] = types
    if (first === undefined || second === undefined) return true
    return shapeOf(first, one.field.selectionSet === undefined) === shapeOf(second, other.field.selectionSet === undefined)
  }

  #rename(fields: readonly Found[], path: readonly string[]): void {
    const key = path.at(-1) ?? ''
    const alias = `${prefix}${this.rewrites.length}_${key}`
    for (const { field } of fields) this.aliases.set(field, alias)
    this.rewrites.push([path[0] ?? '', { KeyRenamer: { path: [...path.slice(0, -1), alias].map((each) => ({ Key: each })), renameKeyTo: key } }])
  }
}

interface Found {
  readonly field: FieldNode
  readonly parent: string
}

/** The fields at one place with the innermost type that they are selected on. */
function fieldsOf(set: SelectionSetNode, parent: string): readonly Found[] {
  return set.selections.flatMap((selection): readonly Found[] => {
    if (selection.kind === Kind.FIELD) return selection.name.value === '__typename' ? [] : [{ field: selection, parent }]
    return selection.kind === Kind.INLINE_FRAGMENT ? fieldsOf(selection.selectionSet, selection.typeCondition?.name.value ?? parent) : []
  })
}

/** Objects of any types go together as such; what is selected on them is looked at by itself. */
function shapeOf(type: TypeNode, isLeaf: boolean): string {
  if (type.kind === Kind.NON_NULL_TYPE) return `${shapeOf(type.type, isLeaf)}!`
  if (type.kind === Kind.LIST_TYPE) return `[${shapeOf(type.type, isLeaf)}]`
  return isLeaf ? type.name.value : '{}'
}

/**
 * Every fragment where it is spread, so that what stands in it at one place can be told from what stands at another; and without those on objects of a
 * type that cannot stand there, which the planner leaves now and then and subgraphs refuse.
 */
function inlined(given: SelectionSetNode, root: string, { fragments, objects, typeIn }: Omit<Types, 'roots'> & { readonly fragments: ReadonlyMap<string, FragmentDefinitionNode> }): { readonly set: SelectionSetNode; readonly dropped: boolean } {
  let dropped = false
  const within = (set: SelectionSetNode, parent: string): SelectionSetNode => {
    const selections = set.selections.flatMap((selection): SelectionNode[] => {
      if (selection.kind === Kind.FIELD) return [{ ...selection, ...(selection.selectionSet === undefined ? {} : { selectionSet: within(selection.selectionSet, namedType(typeIn(parent, selection.name.value))) }) }]
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
      if (fragment === undefined) return [selection]
      const condition = fragment.typeCondition?.name.value ?? parent
      if (condition !== parent && objects.has(condition) && objects.has(parent)) {
        dropped = true
        return []
      }
      const { typeCondition, selectionSet } = fragment
      return [{ kind: Kind.INLINE_FRAGMENT, ...(typeCondition === undefined ? {} : { typeCondition }), ...(selection.directives === undefined ? {} : { directives: selection.directives }), selectionSet: within(selectionSet, condition) }]
    })
    return { ...set, selections: selections.length === 0 ? [{ kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }] : selections }
  }
  return { set: within(given, root), dropped }
}

/** Empty where nothing is known. */
function namedType(type: TypeNode | undefined): string {
  let bare = type
  while (bare !== undefined && bare.kind !== Kind.NAMED_TYPE) bare = bare.type
  return bare?.name.value ?? ''
}

function typesIn({ definitions }: DocumentNode, graphOf: ReadonlyMap<string, string>): TypeIn {
  const types = new Map<string, TypeNode>()
  for (const definition of definitions) {
    if (!objectLike(definition)) continue
    for (const field of definition.fields ?? []) {
      const slot = `${definition.name.value}.${field.name.value}`
      types.set(slot, field.type)
      for (const { graph = '', type } of directiveArguments(field, 'join__field')) if (type !== undefined) types.set(`${graphOf.get(graph)} ${slot}`, parseType(type, { noLocation: true }))
    }
  }
  return (graph, parent, field) => types.get(`${graph} ${parent}.${field}`) ?? types.get(`${parent}.${field}`)
}

function rootTypes({ definitions }: DocumentNode): ReadonlyMap<string, string> {
  const declared = definitions.flatMap((definition) => (definition.kind === Kind.SCHEMA_DEFINITION ? definition.operationTypes.map(({ operation, type }) => [operation, type.name.value] as const) : []))
  return new Map<string, string>([['query', 'Query'], ['mutation', 'Mutation'], ['subscription', 'Subscription'], ...declared])
}
