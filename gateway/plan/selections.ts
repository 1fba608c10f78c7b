import { type FieldNode, type InlineFragmentNode, Kind, parse, type SelectionNode, type SelectionSetNode } from 'graphql'
import type { KeyFields } from '../supergraph/types.ts'
import { selectionOf } from './entity-root.ts'

/** A selection that has selections of its own. */
export type Parent = (FieldNode | InlineFragmentNode) & { readonly selectionSet: SelectionSetNode }

/** One step of a way down through selections. */
interface Spine {
  readonly node: Parent
}

export function hasSelections(node: FieldNode | InlineFragmentNode): node is Parent {
  return node.selectionSet !== undefined
}

/** What is selected on an entity in two parts. */
export interface Parted {
  /** Read together with a key of it. */
  readonly above: readonly SelectionNode[]
  /** Fetched by that key. */
  readonly below: readonly SelectionNode[]
}

/**
 * The ways to part what is selected on an entity. Leaves of the key are read with it, whatever the client calls them. Of an object in the key more may
 * be selected than the key has: it is read with the key or fetched by it, whichever can be planned. None where the key does not part anything.
 */
export function partedAt(selections: readonly SelectionNode[], key: KeyFields): readonly Parted[] {
  const ofKey = (selection: SelectionNode): boolean => selection.kind === Kind.FIELD && (selection.name.value === '__typename' || key.has(selection.name.value))
  const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }
  const part = (stays: (selection: SelectionNode) => boolean): Parted => ({
    above: merged([...selections.filter((selection) => stays(selection)), typename, ...selectionOf(key).selections]),
    below: selections.filter((selection) => !stays(selection)),
  })
  const ways = [part(ofKey)]
  if (selections.some((selection) => ofKey(selection) && isParent(selection))) ways.push(part((selection) => ofKey(selection) && !isParent(selection)))
  return ways.filter(({ below }) => below.length > 0)
}

/** True for what a key selects itself: a plan that has the key has it. */
export function isOfKey(selection: SelectionNode, key: KeyFields): boolean {
  if (selection.kind !== Kind.FIELD) return false
  const nested = key.get(selection.name.value)
  if (nested === undefined) return selection.name.value === '__typename'
  if (selection.selectionSet === undefined) return true
  return selection.alias === undefined && selection.selectionSet.selections.every((inner) => isOfKey(inner, nested))
}

/** Of everything selected just this node, under the steps that lead to it. */
export function narrowed(steps: readonly Spine[], node: SelectionNode): readonly SelectionNode[] {
  return steps.reduceRight<readonly SelectionNode[]>((selections, step) => [{ ...step.node, selectionSet: { kind: Kind.SELECTION_SET, selections } }], [node])
}

export function replaced(selections: readonly SelectionNode[], steps: readonly Spine[], by: readonly SelectionNode[]): readonly SelectionNode[] {
  const [step, ...rest] = steps
  if (step === undefined) return by
  const inside = { kind: Kind.SELECTION_SET, selections: replaced(step.node.selectionSet.selections, rest, by) } as const
  return selections.map((selection) => (selection === step.node ? { ...step.node, selectionSet: inside } : selection))
}

/** Selections of the same response key, or on the same type, put together; elsewhere the order stays. */
export function merged(selections: readonly SelectionNode[]): readonly SelectionNode[] {
  const slots = new Map<string, SelectionNode>()
  for (const selection of selections) {
    const slot = slotOf(selection)
    const before = slots.get(slot)
    slots.set(slot, before !== undefined && isParent(before) && isParent(selection) ? { ...before, selectionSet: setOf(merged([...before.selectionSet.selections, ...selection.selectionSet.selections])) } : (before ?? selection))
  }
  return [...slots.values()]
}

/** Reads selections as `@key` and `@requires` write them. */
export function parseSelections(fields: string): SelectionSetNode {
  const [definition] = parse(`{${fields}}`, { noLocation: true }).definitions
  return definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet : setOf([])
}

function setOf(selections: readonly SelectionNode[]): SelectionSetNode {
  return { kind: Kind.SELECTION_SET, selections }
}

function isParent(selection: SelectionNode): selection is Parent {
  return selection.kind !== Kind.FRAGMENT_SPREAD && hasSelections(selection)
}

function slotOf(selection: SelectionNode): string {
  if (selection.kind === Kind.FIELD) return (selection.alias ?? selection.name).value
  return selection.kind === Kind.INLINE_FRAGMENT ? `... on ${selection.typeCondition?.name.value ?? ''}` : `...${selection.name.value}`
}
