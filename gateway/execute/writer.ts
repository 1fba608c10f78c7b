import {
  type DocumentNode,
  type FieldNode,
  type GraphQLInterfaceType,
  type GraphQLNamedOutputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
} from 'graphql'
import { type Access, openAccess } from '../authorization/access.ts'
import type { Conditions } from './conditions.ts'
import type { TypeSystem } from '../supergraph/types.ts'
import { isObject, type JsonObject } from '../../runtime/json.ts'
import { compileLeaf } from './leaves.ts'
import { type PathNode, type ResponsePath, toPath, toShownPath } from './path.ts'
import { planKey } from './plan-keys.ts'
import { FieldCollector } from './selection.ts'

/** What the client must be told about a value that could not be written: it is missing, it is not of its type, or it may not be seen. */
export interface Defect {
  readonly kind: 'missing' | 'mistyped' | 'denied'
  /** Where it stands in the fetched data. */
  readonly path: ResponsePath
  /** Where the client sees it. */
  readonly shown: ResponsePath
  /** The field as the schema names it, for the message: `Product.name`. */
  readonly field: string
}

/**
 * One pass over the data. The first goes without paths, which are only worth their cost when something is wrong;
 * then the data is written again with them.
 */
interface Pass {
  clean: boolean
  readonly defects: Defect[] | null
  /** How many values that may not be seen have been reported. */
  denied: number
  /** No string in the data needs an escape. */
  readonly plain: boolean
}

/** Values of fields that may not be seen, in one answer, that get an error of their own; a long list must not grow the answer without end. */
const mostDenied = 200

/** JSON text, or null for a null that its parent must take over because the field may not be null. */
type Write = (value: unknown, pass: Pass, path: PathNode | null) => string | null

interface FieldWriter {
  /** The key in the data. */
  readonly read: string
  /** The key in the response. */
  readonly key: string
  readonly first: string
  readonly rest: string
  readonly write: Write
}

type ObjectType = GraphQLObjectType | GraphQLInterfaceType

/** Writes the data as the client asked for it; `null` (the text) when a null went all the way up. `plain` says that no string in it needs an escape. */
export type WriteData = (data: JsonObject, plain: boolean) => { readonly text: string; readonly defects: readonly Defect[] }

/** Compiles the writer of one operation under decided conditions. */
export function compileWriter(schema: GraphQLSchema, types: TypeSystem, document: DocumentNode, operation: OperationDefinitionNode, conditions: Conditions, access: Access = openAccess): WriteData {
  const fragments = new Map(document.definitions.flatMap((item) => (item.kind === Kind.FRAGMENT_DEFINITION ? [[item.name.value, item]] : [])))
  const root = schema.getRootType(operation.operation)
  if (!root) throw new TypeError(`the schema has no ${operation.operation} type`)
  const write = new WriterCompiler(schema, types, access, new FieldCollector(schema, fragments, conditions)).object(root, [operation], true)
  return (data, plain) => {
    const quick: Pass = { clean: true, defects: null, denied: 0, plain }
    const text = write(data, quick, null)
    if (quick.clean) return { text: text ?? 'null', defects: [] }
    const defects: Defect[] = []
    return { text: write(data, { clean: false, defects, denied: 0, plain }, null) ?? 'null', defects }
  }
}

class WriterCompiler {
  readonly #schema: GraphQLSchema
  readonly #types: TypeSystem
  readonly #access: Access
  readonly #collector: FieldCollector

  constructor(schema: GraphQLSchema, types: TypeSystem, access: Access, collector: FieldCollector) {
    this.#schema = schema
    this.#types = types
    this.#access = access
    this.#collector = collector
  }

  object(type: ObjectType, nodes: readonly (FieldNode | OperationDefinitionNode)[], isRoot = false): Write {
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
    const fields = [...this.#collector.collect(type, sets)].map(([key, group]): FieldWriter => {
      const open = group.filter((each) => !this.#access.denies(each, type.name))
      const name = `${JSON.stringify(key)}:`
      const [node] = group
      return { key, read: node === undefined ? key : planKey(node, this.#types), first: `{${name}`, rest: `,${name}`, write: open.length === 0 ? this.#denied(type, group) : this.#field(type, open, isRoot) }
    })
    return (value, pass, path) => {
      if (!isObject(value)) return null
      const tracking = pass.defects !== null
      let text = ''
      for (let index = 0; index < fields.length; index++) {
        const field = fields[index]
        if (field === undefined) continue
        const written = field.write(value[field.read], pass, tracking ? { parent: path, key: field.read, shown: field.key } : null)
        if (written === null) return null
        text += (index === 0 ? field.first : field.rest) + written
      }
      return text === '' ? '{}' : `${text}}`
    }
  }

  /** Null, and an error at its place; the parent's null where the field may not be null. */
  #denied(type: ObjectType, [node]: readonly FieldNode[]): Write {
    const name = node?.name.value ?? ''
    const written = isNonNullType(type.getFields()[name]?.type) ? null : 'null'
    return (_value, pass, path) => {
      pass.clean = false
      if (pass.denied++ < mostDenied) report(pass, path, 'denied', `${type.name}.${name}`)
      return written
    }
  }

  #field(type: ObjectType, nodes: readonly FieldNode[], isRoot: boolean): Write {
    const [node] = nodes
    const name = node?.name.value ?? ''
    const label = `${type.name}.${name}`
    if (name === '__typename') return isObjectType(type) ? constant(JSON.stringify(type.name)) : (_value, pass, path) => report(pass, path, 'missing', label)
    // Introspection is answered beside the plan, and what it answers is already what the client asked for.
    if (isRoot && name.startsWith('__')) return (value) => JSON.stringify(value ?? null)
    const definition = type.getFields()[name]
    if (definition === undefined) throw new TypeError(`the schema has no field ${label}`)
    return this.#value(definition.type, nodes, label)
  }

  #value(type: GraphQLOutputType, nodes: readonly FieldNode[], label: string): Write {
    const required = isNonNullType(type)
    const bare = required ? type.ofType : type
    const write = isListType(bare) ? this.#list(bare.ofType, nodes, label) : this.#named(getNamedType(bare), nodes, label)
    const absent = isListType(bare) || isLeafType(bare) || isObjectType(bare) ? isNull : this.#hidden()
    if (required) return (value, pass, path) => (absent(value) ? report(pass, path, 'missing', label) : write(value, pass, path))
    return (value, pass, path) => (absent(value) ? 'null' : (write(value, pass, path) ?? 'null'))
  }

  #list(type: GraphQLOutputType, nodes: readonly FieldNode[], label: string): Write {
    const writeItem = this.#value(type, nodes, label)
    return (value, pass, path) => {
      if (!Array.isArray(value)) return report(pass, path, 'mistyped', label)
      const tracking = pass.defects !== null
      let text = '['
      for (let index = 0; index < value.length; index++) {
        const written = writeItem(value[index], pass, tracking ? { parent: path, key: index } : null)
        if (written === null) return null
        text += index === 0 ? written : `,${written}`
      }
      return `${text}]`
    }
  }

  #named(type: GraphQLNamedOutputType, nodes: readonly FieldNode[], label: string): Write {
    if (isLeafType(type)) {
      const leaf = compileLeaf(type)
      return (value, pass, path) => leaf(value, pass.plain) ?? report(pass, path, 'mistyped', label)
    }
    const byName = new Map<string, Write>()
    const unnamed = isObjectType(type) || isInterfaceType(type) ? lazy(() => this.object(type, nodes)) : null
    return (value, pass, path) => {
      if (!isObject(value)) return report(pass, path, 'mistyped', label)
      const name = value.__typename
      // Without a name only fields of the interface itself were asked for; an interface object calls itself by the interface.
      if (name === undefined || name === type.name || isObjectType(type)) return unnamed === null ? report(pass, path, 'mistyped', label) : unnamed(value, pass, path)
      if (typeof name !== 'string') return report(pass, path, 'mistyped', label)
      let write = byName.get(name)
      if (write === undefined) {
        const concrete = this.#schema.getType(name)
        if (isObjectType(concrete) && this.#schema.isSubType(type, concrete)) write = this.object(concrete, nodes)
        else if (isInterfaceType(concrete) && unnamed !== null) write = unnamed
        else write = (_value, inner, at) => report(inner, at, 'mistyped', label)
        if (this.#types.has(name)) byName.set(name, write)
      }
      return write(value, pass, path)
    }
  }

  /** Also an object of a type that clients may not see is null to them. */
  #hidden(): (value: unknown) => boolean {
    return (value) => {
      if (value === null || value === undefined) return true
      const name = isObject(value) ? value.__typename : undefined
      return typeof name === 'string' && this.#schema.getType(name) === undefined && this.#types.has(name)
    }
  }
}

function isNull(value: unknown): boolean {
  return value === null || value === undefined
}

function constant(text: string): Write {
  return () => text
}

function lazy(make: () => Write): Write {
  let made: Write | null = null
  return (value, pass, path) => (made ??= make())(value, pass, path)
}

function report(pass: Pass, path: PathNode | null, kind: Defect['kind'], field: string): null {
  pass.clean = false
  pass.defects?.push({ kind, path: toPath(path), shown: toShownPath(path), field })
  return null
}
