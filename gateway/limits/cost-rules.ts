import { type ConstDirectiveNode, type DocumentNode, Kind, type ObjectValueNode, type ValueNode } from 'graphql'
import { objectLike } from '../supergraph/ast.ts'

/** How long a list is taken to be (`@listSize`). */
export interface ListSize {
  readonly assumedSize: number | null
  /** The arguments that say how much is asked for. */
  readonly slicingArguments: readonly string[]
  /** The fields of the answer that the size is of; of the answer itself where there are none. */
  readonly sizedFields: readonly string[]
  readonly requireOneSlicingArgument: boolean
}

/** What the supergraph says of costs, by coordinate: `Type`, `Type.field`, `Type.field(argument:)`. */
export interface CostRules {
  readonly weights: ReadonlyMap<string, number>
  readonly lists: ReadonlyMap<string, ListSize>
}

/** Reads `@cost` and `@listSize` from a parsed supergraph, under whatever names it links them. */
export function readCostRules(supergraph: DocumentNode): CostRules {
  const names = linkedNames(supergraph)
  const weights = new Map<string, number>()
  const lists = new Map<string, ListSize>()
  const weigh = (coordinate: string, directives: readonly ConstDirectiveNode[] | undefined): void => {
    for (const directive of directives ?? []) {
      const weight = directive.name.value === names.cost ? numberOf(argumentOf(directive, 'weight')) : null
      if (weight !== null) weights.set(coordinate, weight)
    }
  }
  for (const definition of supergraph.definitions) {
    if (objectLike(definition)) {
      const type = definition.name.value
      weigh(type, definition.directives)
      for (const field of definition.fields ?? []) {
        const coordinate = `${type}.${field.name.value}`
        weigh(coordinate, field.directives)
        for (const argument of field.arguments ?? []) weigh(`${coordinate}(${argument.name.value}:)`, argument.directives)
        const listSize = field.directives?.find(({ name }) => name.value === names.listSize)
        if (listSize !== undefined) lists.set(coordinate, readListSize(listSize))
      }
    } else if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      for (const field of definition.fields ?? []) weigh(`${definition.name.value}.${field.name.value}`, field.directives)
    } else if (definition.kind === Kind.ENUM_TYPE_DEFINITION || definition.kind === Kind.SCALAR_TYPE_DEFINITION) {
      weigh(definition.name.value, definition.directives)
    }
  }
  return { weights, lists }
}

function readListSize(directive: ConstDirectiveNode): ListSize {
  const required = argumentOf(directive, 'requireOneSlicingArgument')
  return {
    assumedSize: numberOf(argumentOf(directive, 'assumedSize')),
    slicingArguments: textsOf(argumentOf(directive, 'slicingArguments')),
    sizedFields: textsOf(argumentOf(directive, 'sizedFields')),
    requireOneSlicingArgument: required?.kind === Kind.BOOLEAN ? required.value : true,
  }
}

/** What the supergraph calls the directives: `@link(url: "…/cost/v0.1", import: [{name: "@cost", as: "@price"}])`, or `@cost__listSize` without an import. */
function linkedNames(supergraph: DocumentNode): { readonly cost: string; readonly listSize: string } {
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue
    for (const directive of definition.directives ?? []) {
      const [url] = textsOf(argumentOf(directive, 'url'))
      if (directive.name.value !== 'link' || url?.split('/').at(-2) !== 'cost') continue
      const [as = 'cost'] = textsOf(argumentOf(directive, 'as'))
      const imported = argumentOf(directive, 'import')
      const local = (name: string): string | undefined =>
        imported?.kind === Kind.LIST ? imported.values.map((item) => (item.kind === Kind.OBJECT ? renamed(item, name) : textsOf(item)[0] === name ? name : undefined)).find((found) => found !== undefined)?.slice(1) : undefined
      return { cost: local('@cost') ?? as, listSize: local('@listSize') ?? `${as}__listSize` }
    }
  }
  return { cost: 'cost', listSize: 'listSize' }
}

function renamed({ fields }: ObjectValueNode, name: string): string | undefined {
  const member = (key: string): string | undefined => textsOf(fields.find((field) => field.name.value === key)?.value)[0]
  return member('name') === name ? (member('as') ?? name) : undefined
}

function argumentOf(directive: ConstDirectiveNode, name: string): ValueNode | undefined {
  return directive.arguments?.find((argument) => argument.name.value === name)?.value
}

function textsOf(value: ValueNode | undefined): string[] {
  if (value?.kind === Kind.STRING) return [value.value]
  return value?.kind === Kind.LIST ? value.values.flatMap((item) => textsOf(item)) : []
}

/** A weight; the specification writes it as text, Apollo's federation as a number. */
function numberOf(value: ValueNode | undefined): number | null {
  const text = value?.kind === Kind.INT || value?.kind === Kind.FLOAT || value?.kind === Kind.STRING ? value.value : ''
  const number = Number(text)
  return text === '' || !Number.isFinite(number) ? null : number
}
