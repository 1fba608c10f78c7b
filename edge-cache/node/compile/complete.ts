import { GraphQLID, GraphQLString, isLeafType, isListType, isNonNullType, isObjectType, type FieldNode, type GraphQLLeafType, type GraphQLObjectType, type GraphQLOutputType } from 'graphql'
import { after, atOnce, isPromise, type Later } from '../../../subgraphs/shared/soon.ts'
import type { Execution, Path } from './execution.ts'
import type { SelectionPlan } from './plan.ts'
import { whole, writeSelection } from './select.ts'

/** A value as it is answered, in JSON; null for null. */
export type Text = string | null

/** Makes what a resolver gave into what is answered: its text, or a promise of it. Raises what may not be null. */
export type Complete = (execution: Execution, value: unknown, prev: Path | null, key: string | number) => Later<Text>

/** How one field is spoken of. */
export interface FieldLabel {
  readonly label: string
  readonly nodes: readonly FieldNode[]
}

/** `selection` gives the plan of an object's fields, made when it is first needed. */
export function completion(type: GraphQLOutputType, field: FieldLabel, selection: (type: GraphQLObjectType) => SelectionPlan): Complete {
  if (isNonNullType(type)) {
    const inner = completion(type.ofType, field, selection)
    return (execution, value, prev, key) => {
      const completed = inner(execution, value, prev, key)
      if (completed === null) throw new Error(`Cannot return null for non-nullable field ${field.label}.`)
      return completed
    }
  }
  if (isListType(type)) return listCompletion(type.ofType, field, selection)
  if (isLeafType(type)) return leafCompletion(type)
  if (!isObjectType(type)) throw new TypeError(`${type.name} is neither an object nor a leaf.`)
  let plan: SelectionPlan | null = null
  return (execution, value, prev, key) => {
    if (value === null || value === undefined) return null
    if (value instanceof Error) throw value
    plan ??= selection(type)
    return writeSelection(execution, plan, value, { prev, key })
  }
}

function leafCompletion(type: GraphQLLeafType): Complete {
  // These two leave a text as it is.
  const plain = type === GraphQLString || type === GraphQLID
  return (_execution, value) => {
    if (value === null || value === undefined) return null
    if (plain && typeof value === 'string') return JSON.stringify(value)
    if (value instanceof Error) throw value
    const leaf = type.serialize(value)
    if (leaf === null || leaf === undefined) throw new Error(`Expected \`${type.name}.serialize(…)\` to return non-nullable value, returned: ${String(leaf)}`)
    return JSON.stringify(leaf)
  }
}

function listCompletion(itemType: GraphQLOutputType, field: FieldLabel, selection: (type: GraphQLObjectType) => SelectionPlan): Complete {
  const complete = completion(itemType, field, selection)
  const item = { nodes: field.nodes, nullable: !isNonNullType(itemType) }
  const completeItem = (execution: Execution, given: unknown, prev: Path, index: number): Later<Text> => {
    try {
      const value = atOnce(given)
      const completed = isPromise(value) ? value.then((settled) => complete(execution, settled, prev, index)) : complete(execution, value, prev, index)
      return isPromise(completed) ? completed.then(null, (raw: unknown) => execution.fault(raw, item, prev, index)) : completed
    } catch (raw) {
      return execution.fault(raw, item, prev, index)
    }
  }
  return (execution, value, prev, key) => {
    if (value === null || value === undefined) return null
    if (value instanceof Error) throw value
    if (typeof value !== 'object' || !(Symbol.iterator in value)) throw new Error(`Expected Iterable, but did not find one for field "${field.label}".`)
    const path: Path = { prev, key }
    const items: Later<Text>[] = []
    let waits = false
    try {
      for (const each of value as Iterable<unknown>) {
        const completed = completeItem(execution, each, path, items.length)
        items.push(completed)
        waits ||= isPromise(completed)
      }
    } catch (error) {
      settle(items)
      throw error
    }
    return waits ? after(whole(items), listText) : listText(items as Text[])
  }
}

function listText(items: readonly Text[]): string {
  let text = '['
  for (let at = 0; at < items.length; at += 1) text += at === 0 ? String(items[at]) : `,${items[at]}`
  return `${text}]`
}

/** What is under way beside a fault ends in its own time, and is nobody's any more. */
export function settle(values: Iterable<unknown>): void {
  for (const value of values) if (isPromise(value)) value.then(undefined, () => {})
}
