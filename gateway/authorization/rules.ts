import { type ConstDirectiveNode, type DocumentNode, Kind, parse, type SelectionSetNode, type TypeNode } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { type Caller } from '../../runtime/identity/caller.ts'
import { type AccessDirectives, type GrantPolicies, readRequirements, type Requirement, satisfies } from '../../runtime/identity/requirement.ts'
import { directiveArguments, objectLike } from '../supergraph/ast.ts'

/** One combination of requirements, all of which must be met; fields that ask for the same share a rule. */
export type Rule = readonly Requirement[]

/** What a supergraph asks of those who read its fields. */
export class AccessRules {
  readonly #rules: readonly Rule[]
  readonly #ofField: ReadonlyMap<string, number>
  readonly #grant: GrantPolicies
  readonly #granted = new WeakMap<Caller, Map<number, boolean>>()

  constructor(rules: readonly Rule[], ofField: ReadonlyMap<string, number>, grant: GrantPolicies) {
    this.#rules = rules
    this.#ofField = ofField
    this.#grant = grant
  }

  /** True where nothing is protected. */
  get empty(): boolean {
    return this.#rules.length === 0
  }

  /** The number of the rule that protects a field; undefined for a free one. */
  ruleOf(type: string, field: string): number | undefined {
    return this.#ofField.get(`${type}.${field}`)
  }

  /** True when the caller meets a rule. */
  grants(caller: Caller, rule: number): boolean {
    let known = this.#granted.get(caller)
    if (known === undefined) this.#granted.set(caller, (known = new Map()))
    let granted = known.get(rule)
    if (granted === undefined) {
      granted = (this.#rules[rule] ?? []).every((requirement) => satisfies(caller, requirement, this.#grant))
      known.set(rule, granted)
    }
    return granted
  }
}

interface Field {
  readonly type: string
  readonly own: readonly Requirement[]
  /** What plans read to resolve it, a selection of its parent's type. */
  readonly requires: readonly string[]
}

interface Type {
  readonly requirements: readonly Requirement[]
  readonly fields: ReadonlyMap<string, Field>
}

/**
 * Reads the rules from a parsed supergraph. A field asks for what stands at itself, at its type, at its parent's type, and at whatever
 * it `@requires`. (Composition has already united what several subgraphs ask for.)
 * @throws AisleError SUPERGRAPH_INVALID when it is protected by something that is not understood here
 */
export function readAccessRules(supergraph: DocumentNode, grant: GrantPolicies): AccessRules {
  const names = linkedNames(supergraph)
  const types = readTypes(supergraph, names)
  const rules: Rule[] = []
  const numbers = new Map<string, number>()
  const ofField = new Map<string, number>()
  if ([...types.values()].every(({ requirements, fields }) => requirements.length === 0 && [...fields.values()].every(({ own }) => own.length === 0))) return new AccessRules(rules, ofField, grant)
  const reader = new RuleReader(types)
  for (const [name, { fields }] of types) {
    for (const field of fields.keys()) {
      const rule = reader.of(name, field)
      if (rule.length === 0) continue
      const key = JSON.stringify(rule)
      let number = numbers.get(key)
      if (number === undefined) {
        number = rules.push(rule) - 1
        numbers.set(key, number)
      }
      ofField.set(`${name}.${field}`, number)
    }
  }
  return new AccessRules(rules, ofField, grant)
}

class RuleReader {
  readonly #types: ReadonlyMap<string, Type>
  readonly #known = new Map<string, Rule>()

  constructor(types: ReadonlyMap<string, Type>) {
    this.#types = types
  }

  of(typeName: string, fieldName: string): Rule {
    const label = `${typeName}.${fieldName}`
    const known = this.#known.get(label)
    if (known !== undefined) return known
    // Fields that require each other end here.
    this.#known.set(label, [])
    const parent = this.#types.get(typeName)
    const field = parent?.fields.get(fieldName)
    const all = field === undefined ? (parent?.requirements ?? []) : [
      ...(parent?.requirements ?? []),
      ...field.own,
      ...(this.#types.get(field.type)?.requirements ?? []),
      ...field.requires.flatMap((selection) => this.#selected(typeName, selectionOf(selection))),
    ]
    const rule = [...new Map(all.map((requirement) => [JSON.stringify(requirement), requirement])).entries()].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, requirement]) => requirement)
    this.#known.set(label, rule)
    return rule
  }

  #selected(typeName: string, set: SelectionSetNode): Requirement[] {
    return set.selections.flatMap((selection): Requirement[] => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return []
      if (selection.kind === Kind.INLINE_FRAGMENT) return this.#selected(selection.typeCondition?.name.value ?? typeName, selection.selectionSet)
      const inner = this.#types.get(typeName)?.fields.get(selection.name.value)?.type
      return [...this.of(typeName, selection.name.value), ...(inner === undefined || selection.selectionSet === undefined ? [] : this.#selected(inner, selection.selectionSet))]
    })
  }
}

function selectionOf(fields: string): SelectionSetNode {
  const [definition] = parse(`{${fields}}`, { noLocation: true }).definitions
  return definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet : { kind: Kind.SELECTION_SET, selections: [] }
}

function readTypes(supergraph: DocumentNode, names: AccessDirectives): ReadonlyMap<string, Type> {
  const types = new Map<string, Type>()
  for (const definition of supergraph.definitions) {
    const asked = 'directives' in definition ? readRequirements(definition.directives as readonly ConstDirectiveNode[], names) : []
    if (objectLike(definition)) {
      const fields = (definition.fields ?? []).map((field) => {
        const requires = directiveArguments(field, 'join__field').flatMap((join) => join.requires ?? [])
        return [field.name.value, { type: namedType(field.type), own: readRequirements(field.directives, names), requires }] as const
      })
      types.set(definition.name.value, { requirements: asked, fields: new Map(fields) })
    } else if (definition.kind === Kind.SCALAR_TYPE_DEFINITION || definition.kind === Kind.ENUM_TYPE_DEFINITION) {
      types.set(definition.name.value, { requirements: asked, fields: new Map() })
    }
  }
  return types
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}

/** What protects a graph and is understood: by this file, or by the schema that clients see (`inaccessible`). */
const understood = ['authenticated', 'requiresScopes', 'policy', 'inaccessible']

/** The names of the directives as the supergraph links them. @throws AisleError SUPERGRAPH_INVALID */
function linkedNames(supergraph: DocumentNode): AccessDirectives {
  const found = new Map<string, string>()
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue
    for (const directive of definition.directives ?? []) {
      if (directive.name.value !== 'link') continue
      const [{ url = '', as, for: purpose } = {}] = directiveArguments({ directives: [directive] }, 'link')
      const feature = url.split('/').at(-2) ?? ''
      if (purpose === 'SECURITY' && !understood.includes(feature)) {
        throw new AisleError('SUPERGRAPH_INVALID', `The supergraph cannot be used: it is protected by ${url}, which this gateway does not know.`)
      }
      found.set(feature, importedName(directive, feature) ?? as ?? feature)
    }
  }
  const nameOf = (feature: string): string => found.get(feature) ?? feature
  return { authenticated: nameOf('authenticated'), requiresScopes: nameOf('requiresScopes'), policy: nameOf('policy') }
}

/** The name given by `import: [{name: "@policy", as: "@rule"}]`. */
function importedName(directive: ConstDirectiveNode, feature: string): string | undefined {
  const imports = directive.arguments?.find(({ name }) => name.value === 'import')?.value
  if (imports?.kind !== Kind.LIST) return undefined
  for (const item of imports.values) {
    if (item.kind !== Kind.OBJECT) continue
    const text = (name: string): string | undefined => {
      const value = item.fields.find((field) => field.name.value === name)?.value
      return value?.kind === Kind.STRING ? value.value : undefined
    }
    if (text('name') === `@${feature}`) return text('as')?.replace(/^@/, '')
  }
  return undefined
}
