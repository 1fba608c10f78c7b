import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type FieldDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type TypeDefinitionNode,
  type TypeNode,
} from 'graphql'
import { directiveArguments } from '../supergraph/ast.ts'
import { parseDirectives } from './directives.ts'

/** The members that some subgraph's version of a union lacks, by union and by the subgraph's name in `join__Graph`. */
export type MissingMembers = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>

export interface WideSupergraph {
  readonly document: DocumentNode
  /** Never empty. */
  readonly missing: MissingMembers
}

/**
 * The supergraph with every union as wide in each subgraph as it is in any: its members stand there too, with the fields that every
 * subgraph of theirs resolves by itself. A subgraph never answers with a member it does not know, so what a plan asks of such a member there can be
 * left out. Null when no subgraph lacks a member.
 */
export function widen(supergraph: DocumentNode): WideSupergraph | null {
  const missing = missingMembers(supergraph)
  if (missing.size === 0) return null
  const claims = new Claims(supergraph)
  for (const [union, byGraph] of missing) {
    for (const [graph, members] of byGraph) for (const member of members) claims.addMember(union, member, graph)
  }
  return { document: claims.document(), missing }
}

function missingMembers({ definitions }: DocumentNode): MissingMembers {
  const missing = new Map<string, Map<string, Set<string>>>()
  for (const definition of definitions) {
    if (definition.kind !== Kind.UNION_TYPE_DEFINITION) continue
    const joined = directiveArguments(definition, 'join__unionMember')
    const members = new Set(joined.flatMap(({ member }) => member ?? []))
    for (const graph of graphsOf(definition)) {
      const lacking = members.difference(new Set(joined.filter((join) => join.graph === graph).map(({ member }) => member)))
      if (lacking.size > 0) missing.set(definition.name.value, (missing.get(definition.name.value) ?? new Map<string, Set<string>>()).set(graph, lacking))
    }
  }
  return missing
}

class Claims {
  readonly #definitions: readonly DefinitionNode[]
  readonly #types = new Map<string, TypeDefinitionNode>()

  constructor({ definitions }: DocumentNode) {
    this.#definitions = definitions
    for (const definition of definitions) if (isTypeDefinitionNode(definition)) this.#types.set(definition.name.value, definition)
  }

  document(): DocumentNode {
    const definitions = this.#definitions.map((definition) => (isTypeDefinitionNode(definition) ? (this.#types.get(definition.name.value) ?? definition) : definition))
    return { kind: Kind.DOCUMENT, definitions }
  }

  addMember(union: string, member: string, graph: string): void {
    const definition = this.#types.get(union)
    if (definition?.kind !== Kind.UNION_TYPE_DEFINITION) return
    const genuine = directiveArguments(definition, 'join__unionMember').flatMap((join) => (join.member === member && join.graph !== undefined ? [join.graph] : []))
    this.#set(withDirectives(definition, `@join__unionMember(graph: ${graph}, member: "${member}")`))
    this.#addType(member, graph, genuine)
  }

  /** A type that stands in the subgraph already stays as it is. False where it cannot be added. */
  #addType(name: string, graph: string, genuine: readonly string[]): boolean {
    const type = this.#types.get(name)
    if (type === undefined) return true
    if (graphsOf(type).includes(graph)) return true
    if (type.kind === Kind.SCALAR_TYPE_DEFINITION) return this.#set(withDirectives(type, `@join__type(graph: ${graph})`))
    if (type.kind === Kind.ENUM_TYPE_DEFINITION) return this.#set(withEnum(type, graph))
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION) return false
    // Known before its fields are looked at, since they may lead back to it.
    this.#set(withDirectives(explicit(type), `@join__type(graph: ${graph})`))
    const own = type.fields?.filter((field) => genuine.every((each) => isLocal(type, field, each)) && this.#addArguments(field, graph) && this.#addType(namedType(field.type), graph, genuine)) ?? []
    const added = new Set(own.map((field) => field.name.value))
    const now = this.#types.get(name)
    if (now?.kind !== Kind.OBJECT_TYPE_DEFINITION) return false
    const fields = now.fields?.map((field) => (added.has(field.name.value) ? withDirectives(field, `@join__field(graph: ${graph})`) : field)) ?? []
    return this.#set({ ...now, fields })
  }

  #addArguments({ arguments: given = [] }: FieldDefinitionNode, graph: string): boolean {
    return given.every(({ type }) => {
      const definition = this.#types.get(namedType(type))
      return definition === undefined || graphsOf(definition).includes(graph)
    })
  }

  #set(type: TypeDefinitionNode): true {
    this.#types.set(type.name.value, type)
    return true
  }
}

/** A field without `@join__field` stands in every subgraph of its type: it must not come to stand in another that is added. */
function explicit(type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode {
  const joins = [...new Set(graphsOf(type))].map((graph) => `@join__field(graph: ${graph})`).join(' ')
  const fields = type.fields?.map((field) => ((field.directives ?? []).some(({ name }) => name.value === 'join__field') ? field : withDirectives(field, joins))) ?? []
  return { ...type, fields }
}

/** True when `graph` resolves the field of its own objects without more. */
function isLocal(type: ObjectTypeDefinitionNode, field: FieldDefinitionNode, graph: string): boolean {
  const joins = (field.directives ?? []).filter(({ name }) => name.value === 'join__field')
  if (joins.length === 0) return graphsOf(type).includes(graph)
  return joins.some((join) => {
    const [given] = directiveArguments({ directives: [join] }, 'join__field')
    return given?.graph === graph && given.requires === undefined && !isSet(join, 'external') && !isSet(join, 'usedOverridden')
  })
}

function isSet({ arguments: given = [] }: ConstDirectiveNode, argument: string): boolean {
  return given.some(({ name, value }) => name.value === argument && value.kind === Kind.BOOLEAN && value.value)
}

function graphsOf(type: TypeDefinitionNode): string[] {
  return directiveArguments(type, 'join__type').flatMap(({ graph }) => graph ?? [])
}

function withEnum(type: EnumTypeDefinitionNode, graph: string): EnumTypeDefinitionNode {
  const values = type.values?.map((value) => withDirectives(value, `@join__enumValue(graph: ${graph})`)) ?? []
  return withDirectives({ ...type, values }, `@join__type(graph: ${graph})`)
}

function withDirectives<Node extends { readonly directives?: readonly ConstDirectiveNode[] | undefined }>(node: Node, text: string): Node {
  return { ...node, directives: [...(node.directives ?? []), ...parseDirectives(text)] }
}

function namedType(type: TypeNode): string {
  let bare: TypeNode = type
  while (bare.kind !== Kind.NAMED_TYPE) bare = bare.type
  return bare.name.value
}
