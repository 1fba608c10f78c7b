import { type DocumentNode, type InterfaceTypeDefinitionNode, Kind, type SelectionSetNode, parse } from 'graphql'
import { directiveArguments, objectLike } from './ast.ts'

/** The fields of one `@key`, as a tree: a leaf is an empty map. */
export type KeyFields = ReadonlyMap<string, KeyFields>

/** What execution must know about the supergraph's types, the hidden ones included. */
export interface TypeSystem {
  /** True when an object of type `name` satisfies a fragment on `condition`. */
  satisfies(name: string, condition: string): boolean
  /** True for interfaces and unions. */
  isAbstract(name: string): boolean
  /** True for any type of the supergraph, also one that clients cannot see. */
  has(name: string): boolean
  /** What `graph` calls an object of a type: where it knows the type only through an interface object, by the name of that. */
  nameIn(typeName: string, graph: string): string
  /** The keys by which `graph` resolves references to `typeName`; empty when it declares none. */
  keysOf(typeName: string, graph: string): readonly KeyFields[]
  /** Every key of a type, each once; those that most subgraphs declare come first. */
  keysOfType(typeName: string): readonly KeyFields[]
  /** What a field requires of its object, as `@requires` writes it, also on an interface object; in one subgraph, or in any. */
  requirementOf(typeName: string, field: string, graph?: string): string | null
  /** Names of the interfaces that are interface objects in some subgraph. */
  readonly interfaceObjects: ReadonlySet<string>
  /** True for a field of an interface, or of a type that implements it, that a subgraph adds through an interface object. */
  isOfInterfaceObject(typeName: string, field: string): boolean
  /** Names of the fields without arguments or selections that keys are made of. */
  readonly keyLeaves: ReadonlySet<string>
  /** Names of the fields that have selections in some key. */
  readonly keyObjects: ReadonlySet<string>
  /** Names of fields that plans read for their own sake: in keys and in what fields require. */
  readonly readByPlans: ReadonlySet<string>
  /** Those of them that take arguments, so that one name may stand for several values. */
  readonly readWithArguments: ReadonlySet<string>
}

/** Reads the types from a parsed supergraph; `graphOf` maps its enum values (`A_B`) to subgraph names. */
export function createTypeSystem(document: DocumentNode, graphOf: ReadonlyMap<string, string>): TypeSystem {
  const abstract = new Set<string>()
  const names = new Set<string>()
  const conditions = new Map<string, Set<string>>()
  const interfaceObjects = new Map<string, ReadonlySet<string>>()
  const requirements = new Map<string, string>()
  const keys = new Map<string, KeyFields[]>()
  const declarations = new Map<string, Map<string, { fields: KeyFields; count: number }>>()
  const joined = new Set<string>()
  const objectsOf = new Map<string, Set<string>>()
  const readByPlans = new Set<string>()
  const keyLeaves = new Set<string>()
  const keyObjects = new Set<string>()
  const withArguments = new Set<string>()
  const member = (type: string, condition: string): void => {
    const known = conditions.get(type)
    if (known === undefined) conditions.set(type, new Set([condition]))
    else known.add(condition)
  }
  for (const definition of document.definitions) {
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      names.add(definition.name.value)
      abstract.add(definition.name.value)
      for (const type of definition.types ?? []) member(type.name.value, definition.name.value)
    } else if (objectLike(definition)) {
      const name = definition.name.value
      names.add(name)
      if (definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
        abstract.add(name)
        interfaceObjects.set(name, fieldsOfInterfaceObjects(definition))
        for (const value of graphsOfInterfaceObjects(definition)) {
          const graph = graphOf.get(value ?? '') ?? ''
          objectsOf.set(graph, (objectsOf.get(graph) ?? new Set()).add(name))
        }
      }
      for (const type of definition.interfaces ?? []) member(name, type.name.value)
      for (const join of directiveArguments(definition, 'join__type')) {
        const graph = graphOf.get(join.graph ?? '')
        joined.add(`${graph} ${name}`)
        if (join.key === undefined || graph === undefined) continue
        const slot = `${graph} ${name}`
        const fields = parseFieldSet(join.key)
        keys.set(slot, [...(keys.get(slot) ?? []), fields])
        declare(declarations, name, fields)
        addNames(fields, readByPlans)
        sortNames(fields, keyLeaves, keyObjects)
      }
      for (const field of definition.fields ?? []) {
        if (field.arguments !== undefined && field.arguments.length > 0) withArguments.add(field.name.value)
        for (const { requires, graph = '' } of directiveArguments(field, 'join__field')) {
          if (requires === undefined) continue
          addNames(parseFieldSet(requires), readByPlans)
          requirements.set(`${name}.${field.name.value}`, requires)
          requirements.set(`${graphOf.get(graph)} ${name}.${field.name.value}`, requires)
        }
      }
    }
  }
  return {
    satisfies: (name, condition) => name === condition || conditions.get(name)?.has(condition) === true,
    isAbstract: (name) => abstract.has(name),
    has: (name) => names.has(name),
    nameIn(typeName, graph) {
      if (joined.has(`${graph} ${typeName}`)) return typeName
      const objects = objectsOf.get(graph)
      return [...(conditions.get(typeName) ?? [])].find((name) => objects?.has(name)) ?? typeName
    },
    keysOf: (typeName, graph) => keys.get(`${graph} ${typeName}`) ?? [],
    keysOfType: (typeName) => [...(declarations.get(typeName)?.values() ?? [])].toSorted((one, other) => other.count - one.count).map(({ fields }) => fields),
    interfaceObjects: new Set([...interfaceObjects].flatMap(([name, fields]) => (fields.size > 0 ? [name] : []))),
    isOfInterfaceObject: (typeName, field) => [typeName, ...(conditions.get(typeName) ?? [])].some((name) => interfaceObjects.get(name)?.has(field) === true),
    requirementOf: (typeName, field, graph) =>
      [typeName, ...(conditions.get(typeName) ?? [])].map((name) => requirements.get(`${graph === undefined ? '' : `${graph} `}${name}.${field}`)).find((requirement) => requirement !== undefined) ?? null,
    keyLeaves: keyLeaves.difference(withArguments),
    keyObjects,
    readByPlans,
    readWithArguments: readByPlans.intersection(withArguments),
  }
}

function graphsOfInterfaceObjects({ directives = [] }: InterfaceTypeDefinitionNode): ReadonlySet<string | undefined> {
  return new Set(
    directives.flatMap((join) => {
      const isObject = join.arguments?.some(({ name, value }) => name.value === 'isInterfaceObject' && value.kind === Kind.BOOLEAN && value.value)
      return isObject === true ? directiveArguments({ directives: [join] }, 'join__type').map(({ graph }) => graph) : []
    }),
  )
}

function fieldsOfInterfaceObjects(definition: InterfaceTypeDefinitionNode): ReadonlySet<string> {
  const graphs = graphsOfInterfaceObjects(definition)
  const { fields = [] } = definition
  if (graphs.size === 0) return new Set()
  return new Set(
    fields.flatMap((field) => {
      const joins = directiveArguments(field, 'join__field')
      return joins.length === 0 || joins.some(({ graph }) => graphs.has(graph)) ? [field.name.value] : []
    }),
  )
}

function declare(declarations: Map<string, Map<string, { fields: KeyFields; count: number }>>, typeName: string, fields: KeyFields): void {
  const known = declarations.get(typeName) ?? new Map<string, { fields: KeyFields; count: number }>()
  declarations.set(typeName, known)
  const slot = canonicalKey(fields)
  known.set(slot, { fields, count: (known.get(slot)?.count ?? 0) + 1 })
}

function canonicalKey(fields: KeyFields): string {
  return [...fields].map(([name, nested]) => `${name}{${canonicalKey(nested)}}`).toSorted().join(' ')
}

function parseFieldSet(fields: string): KeyFields {
  const [definition] = parse(`{${fields}}`, { noLocation: true }).definitions
  return definition?.kind === Kind.OPERATION_DEFINITION ? keyTree(definition.selectionSet) : new Map()
}

function keyTree(set: SelectionSetNode): KeyFields {
  const tree = new Map<string, KeyFields>()
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      tree.set(selection.name.value, selection.selectionSet === undefined ? new Map() : keyTree(selection.selectionSet))
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      for (const [name, nested] of keyTree(selection.selectionSet)) tree.set(name, new Map([...(tree.get(name) ?? []), ...nested]))
    }
  }
  return tree
}

function sortNames(fields: KeyFields, leaves: Set<string>, objects: Set<string>): void {
  for (const [name, nested] of fields) {
    const names = nested.size === 0 ? leaves : objects
    names.add(name)
    sortNames(nested, leaves, objects)
  }
}

function addNames(fields: KeyFields, names: Set<string>): void {
  for (const [name, nested] of fields) {
    names.add(name)
    addNames(nested, names)
  }
}
