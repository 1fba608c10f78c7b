import { type DocumentNode, Kind, type NameNode, type ObjectValueNode, type ValueNode, visit } from 'graphql'

/** The specifications that are read from a supergraph, here and by the planner. */
const specs: ReadonlySet<string> = new Set(['join', 'inaccessible'])

/**
 * A supergraph that calls what it links by other names (`@link(url: "…/join/v0.5", as: "j")`, `import: [{name: "@inaccessible", as: "@hidden"}]`)
 * with the names of the specifications; any other one as it is.
 */
export function withSpecifiedNames(supergraph: DocumentNode): DocumentNode {
  const names = new Map<string, string>()
  const prefixes = new Map<string, string>()
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue
    for (const { name, arguments: given = [] } of definition.directives ?? []) {
      if (name.value !== 'link') continue
      const values = new Map(given.map((argument) => [argument.name.value, argument.value]))
      const spec = textOf(values.get('url')).split('/').at(-2) ?? ''
      if (!specs.has(spec)) continue
      const as = textOf(values.get('as'))
      if (as !== '' && as !== spec) prefixes.set(as, spec)
      const imported = values.get('import')
      for (const item of imported?.kind === Kind.LIST ? imported.values : []) {
        const element = item.kind === Kind.OBJECT ? memberOf(item, 'name') : textOf(item)
        const local = (item.kind === Kind.OBJECT ? memberOf(item, 'as') : '') || element
        if (element !== '') names.set(bare(local), bare(element) === spec ? spec : `${spec}__${bare(element)}`)
      }
    }
  }
  if (prefixes.size === 0 && [...names].every(([local, name]) => local === name)) return supergraph
  const rename = (name: NameNode): NameNode => ({ ...name, value: specified(name.value, names, prefixes) })
  return visit(supergraph, {
    Directive: (node) => ({ ...node, name: rename(node.name) }),
    DirectiveDefinition: (node) => ({ ...node, name: rename(node.name) }),
    NamedType: (node) => ({ ...node, name: rename(node.name) }),
    EnumTypeDefinition: (node) => ({ ...node, name: rename(node.name) }),
    ScalarTypeDefinition: (node) => ({ ...node, name: rename(node.name) }),
    InputObjectTypeDefinition: (node) => ({ ...node, name: rename(node.name) }),
  })
}

function specified(name: string, names: ReadonlyMap<string, string>, prefixes: ReadonlyMap<string, string>): string {
  const imported = names.get(name)
  if (imported !== undefined) return imported
  const [prefix = '', ...rest] = name.split('__')
  const spec = prefixes.get(prefix)
  return spec === undefined ? name : [spec, ...rest].join('__')
}

function textOf(value: ValueNode | undefined): string {
  return value?.kind === Kind.STRING ? value.value : ''
}

function memberOf({ fields }: ObjectValueNode, name: string): string {
  return textOf(fields.find((field) => field.name.value === name)?.value)
}

function bare(name: string): string {
  return name.replace(/^@/, '')
}
