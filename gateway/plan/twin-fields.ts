import { type ConstDirectiveNode, type DocumentNode, type FieldDefinitionNode, type FieldNode, Kind, parse, print, type SelectionSetNode, visit } from 'graphql'
import { objectLike } from '../supergraph/ast.ts'
import { createPlanner, type Planner, type PlanNode, type RequiresSelection } from './planner.ts'
import { parseSelections } from './selections.ts'

/** What the twin of a field is called. No name of a schema, a document or a plan holds this otherwise. */
const prefix = '_aisle_twin_'

/** A key that holds objects, in a supergraph's text. */
const nestedKey = /key:\s*"[^"]*\{/

/**
 * By a key that holds objects (`area { zone }`) the planner never looks for more of those objects (`area { size }`), so that it fails where a
 * subgraph that leads to an entity knows no more of them than the key. What it fails on it is asked again, over a supergraph in which every such field
 * has a twin: another name for the same, of which keys know nothing.
 * @param known a subgraph whose fields have no twins, as only keys are known of what is there; where there is one, twins are asked first
 */
export async function createTwinPlanner(sdl: string, labels: readonly string[], known: string | null = null): Promise<Planner> {
  const plain = await createPlanner(sdl, labels)
  if (!nestedKey.test(sdl)) return plain
  const names = namesInKeys(parse(sdl, { noLocation: true }))
  let pending: Promise<Planner> | null = null
  const planTwins = async (document: string, drawn: number): Promise<PlanNode | null> => {
    const twins = await (pending ??= createPlanner(withTwins(sdl, names, known), labels))
    const plan = await twins.plan(print(selecting(parse(document, { noLocation: true }), names)), drawn)
    return plan === null ? null : restored(plan)
  }
  const planPlain: Planner['plan'] = (document, drawn) => plain.plan(document, drawn)
  return {
    percentages: plain.percentages,
    async plan(document, drawn) {
      const [first, second] = known === null ? [planPlain, planTwins] : [planTwins, planPlain]
      try {
        return await first(document, drawn)
      } catch (error) {
        return second(document, drawn).catch(() => Promise.reject(error instanceof Error ? error : new Error(String(error))))
      }
    },
  }
}

/** The names of all fields that have selections in some key. */
function namesInKeys({ definitions }: DocumentNode): ReadonlySet<string> {
  const names = new Set<string>()
  for (const definition of definitions) {
    if (!objectLike(definition)) continue
    for (const join of definition.directives ?? []) {
      const key = textOf(join, 'key')
      if (join.name.value !== 'join__type' || key === undefined) continue
      visit(parseSelections(key), {
        Field({ name, selectionSet }) {
          if (selectionSet !== undefined) names.add(name.value)
        },
      })
    }
  }
  return names
}

function withTwins(sdl: string, names: ReadonlySet<string>, known: string | null): string {
  const isKnown = (directive: ConstDirectiveNode): boolean => known !== null && directive.arguments?.some(({ value }) => value.kind === Kind.ENUM && value.value === known) === true
  const document = visit(parse(sdl, { noLocation: true }), {
    enter(node) {
      if (!objectLike(node)) return undefined
      const fields = (node.fields ?? []).map((field) => withTwinSets(field, names))
      const twins = fields.filter(({ name }) => names.has(name.value)).map((field): FieldDefinitionNode => ({ ...field, name: twinOf(field.name.value), directives: (field.directives ?? []).filter((directive) => !isKnown(directive)) }))
      return { ...node, fields: [...fields, ...twins] }
    },
  })
  return print(document)
}

/** What is required is asked of twins; what is provided is provided by either name. */
function withTwinSets(field: FieldDefinitionNode, names: ReadonlySet<string>): FieldDefinitionNode {
  const directives = (field.directives ?? []).map((directive): ConstDirectiveNode => {
    if (directive.name.value !== 'join__field') return directive
    const given = (directive.arguments ?? []).map((argument) => {
      const { name, value } = argument
      if (value.kind !== Kind.STRING || (name.value !== 'requires' && name.value !== 'provides')) return argument
      const set = parseSelections(value.value)
      const twins = selecting(set, names)
      return { ...argument, value: { ...value, value: textOfSet(name.value === 'requires' ? twins : { ...set, selections: [...set.selections, ...twins.selections] }) } }
    })
    return { ...directive, arguments: given }
  })
  return { ...field, directives }
}

/** The same, asking for twins where there are some. */
function selecting<Node extends DocumentNode | SelectionSetNode>(node: Node, names: ReadonlySet<string>): Node {
  return visit(node, {
    Field: (field): FieldNode | undefined => (field.selectionSet !== undefined && names.has(field.name.value) ? { ...field, name: twinOf(field.name.value) } : undefined),
  })
}

/** The plan with every twin called by the name of its field. */
function restored(plan: PlanNode): PlanNode {
  const named: unknown = JSON.parse(JSON.stringify(plan).replaceAll(prefix, ''), (key, value: unknown) => (key === 'requires' && Array.isArray(value) ? mergedRequires(value as RequiresSelection[]) : value))
  return named as PlanNode
}

/** A key and a requirement may both name one field now, each with other selections. */
function mergedRequires(selections: readonly RequiresSelection[]): RequiresSelection[] {
  const slots = new Map<string, RequiresSelection>()
  for (const selection of selections) {
    const slot = selection.kind === 'Field' ? `${selection.alias ?? ''}:${selection.name}` : selection.kind === 'InlineFragment' ? `... ${selection.typeCondition}` : JSON.stringify(selection)
    const before = slots.get(slot)
    const both = [...selectionsOf(before), ...selectionsOf(selection)]
    slots.set(slot, both.length === 0 ? selection : ({ ...selection, selections: mergedRequires(both) } as RequiresSelection))
  }
  return [...slots.values()]
}

function selectionsOf(selection: RequiresSelection | undefined): readonly RequiresSelection[] {
  return selection !== undefined && 'selections' in selection ? (selection.selections ?? []) : []
}

function twinOf(name: string): { readonly kind: Kind.NAME; readonly value: string } {
  return { kind: Kind.NAME, value: `${prefix}${name}` }
}

function textOf({ arguments: given }: ConstDirectiveNode, argument: string): string | undefined {
  const value = given?.find(({ name }) => name.value === argument)?.value
  return value?.kind === Kind.STRING ? value.value : undefined
}

function textOfSet(set: SelectionSetNode): string {
  return print(set).slice(1, -1).replaceAll(/\s+/g, ' ').trim()
}
