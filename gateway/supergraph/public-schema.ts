import {
  buildASTSchema,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
  isTypeDefinitionNode,
  Kind,
  type NamedTypeNode,
  parse,
  specifiedScalarTypes,
  type TypeDefinitionNode,
  type TypeNode,
  validateSchema,
} from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { directiveArguments } from './ast.ts'

/**
 * The schema that clients see: the supergraph without what is `@inaccessible` and without what federation itself wrote into it.
 * (The planner has such a schema too, but leaves hidden members in unions.)
 * @throws AisleError SUPERGRAPH_INVALID
 */
export function buildPublicSchema(supergraph: DocumentNode): GraphQLSchema {
  try {
    const specs = specNames(supergraph)
    const types = supergraph.definitions.filter((definition) => isTypeDefinitionNode(definition)).filter((type) => !isHidden(type) && !isOfSpec(type.name.value, specs))
    const visible = new Set([...types.map((type) => type.name.value), ...specifiedScalarTypes.map(({ name }) => name)])
    const others = supergraph.definitions.flatMap((definition) => otherDefinition(definition, visible))
    const own = new Set(others.map((definition) => (definition.kind === Kind.DIRECTIVE_DEFINITION ? definition.name.value : '')))
    const incremental = incrementalDirectives.filter(({ name }) => !own.has(name.value))
    const schema = buildASTSchema({ kind: Kind.DOCUMENT, definitions: [...incremental, ...others, ...types.map((type) => visibleType(type, visible))] }, { assumeValidSDL: true })
    const [fault] = validateSchema(schema)
    if (fault !== undefined) throw fault
    return schema
  } catch (error) {
    throw new AisleError('SUPERGRAPH_INVALID', `The supergraph cannot be used: ${String(error)}`, { cause: error })
  }
}

/** Clients may write these; what they mark is answered with the rest, at once, as the directives allow. */
const incrementalDirectives = parse(
  `"Allows this part of the answer to come later." directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
  "Allows items of this list to come later." directive @stream(if: Boolean! = true, label: String, initialCount: Int = 0) on FIELD`,
  { noLocation: true },
).definitions.filter((definition) => definition.kind === Kind.DIRECTIVE_DEFINITION)

interface Annotated {
  readonly directives?: readonly ConstDirectiveNode[] | undefined
}

/** The names under which the supergraph links specifications: their types are called `name__Type`. */
function specNames(supergraph: DocumentNode): ReadonlySet<string> {
  const links = supergraph.definitions.flatMap((definition) => (definition.kind === Kind.SCHEMA_DEFINITION ? [...directiveArguments(definition, 'link'), ...directiveArguments(definition, 'core')] : []))
  return new Set(['link', 'core', 'join', ...links.map(({ as, url = '', feature = url }) => as ?? feature.split('/').at(-2) ?? '')])
}

function isOfSpec(name: string, specs: ReadonlySet<string>): boolean {
  const at = name.indexOf('__')
  return at === 0 || (at > 0 && specs.has(name.slice(0, at)))
}

function isHidden({ directives }: Annotated): boolean {
  return directives?.some(({ name }) => name.value === 'inaccessible') === true
}

/** Of what is not a type, clients see the root types and the directives that they may write in documents. */
function otherDefinition(definition: DefinitionNode, visible: ReadonlySet<string>): DefinitionNode[] {
  if (definition.kind === Kind.SCHEMA_DEFINITION) {
    return [{ kind: Kind.SCHEMA_DEFINITION, operationTypes: definition.operationTypes.filter(({ type }) => visible.has(type.name.value)) }]
  }
  const executable = definition.kind === Kind.DIRECTIVE_DEFINITION && definition.locations.some(({ value }) => /^(QUERY|MUTATION|SUBSCRIPTION|FIELD|FRAGMENT_|INLINE_|VARIABLE_)/.test(value) && value !== 'FIELD_DEFINITION')
  return executable ? [definition] : []
}

function visibleType(type: TypeDefinitionNode, visible: ReadonlySet<string>): TypeDefinitionNode {
  const bare = plain(type)
  switch (bare.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION:
      return {
        ...bare,
        interfaces: visibleNames(bare.interfaces, visible),
        fields: visibleItems(bare.fields, visible).map((field) => ({ ...field, arguments: visibleItems(field.arguments, visible) })),
      }
    case Kind.UNION_TYPE_DEFINITION:
      return { ...bare, types: visibleNames(bare.types, visible) }
    case Kind.ENUM_TYPE_DEFINITION:
      return { ...bare, values: (bare.values ?? []).filter((value) => !isHidden(value)).map((value) => plain(value)) }
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      return { ...bare, fields: visibleItems(bare.fields, visible) }
    case Kind.SCALAR_TYPE_DEFINITION:
      return bare
    default:
      return bare satisfies never
  }
}

const publicDirectives: ReadonlySet<string> = new Set(['deprecated', 'specifiedBy', 'oneOf'])

function plain<N extends Annotated>(node: N): N {
  return { ...node, directives: (node.directives ?? []).filter(({ name }) => publicDirectives.has(name.value)) }
}

function visibleItems<N extends Annotated & { readonly type: TypeNode }>(items: readonly N[] | undefined, visible: ReadonlySet<string>): N[] {
  return (items ?? []).filter((item) => !isHidden(item) && visible.has(namedType(item.type))).map((item) => plain(item))
}

function visibleNames(names: readonly NamedTypeNode[] | undefined, visible: ReadonlySet<string>): NamedTypeNode[] {
  return (names ?? []).filter(({ name }) => visible.has(name.value))
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}
