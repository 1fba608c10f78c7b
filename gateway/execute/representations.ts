import type { FetchRewrite, RequiresSelection } from '../plan/planner.ts'
import { isRequiredName } from '../plan/required-names.ts'
import type { KeyFields, TypeSystem } from '../supergraph/types.ts'
import { isObject, type JsonObject } from '../../runtime/json.ts'
import { writeString } from './leaves.ts'
import { compileRewrites } from './rewrites.ts'

/**
 * Writes the JSON of one entity's representation; null when the entity cannot be asked for.
 * `impaired` says that an earlier fetch failed: then a required field that is missing makes the entity unaskable, since
 * a resolver would compute something wrong from its absence. `plain` says that no string needs an escape.
 */
export type WriteRepresentation = (entity: JsonObject, impaired: boolean, plain: boolean) => string | null

/**
 * The fields that decide what is written, beside `__typename`, where all are leaves that are read by the name they are written by; null
 * where a representation takes more. Objects that are equal in these have equal representations.
 */
export function decidingFields(requires: readonly RequiresSelection[]): readonly string[] | null {
  const fields = new Set<string>()
  for (const selection of requires) {
    if (selection.kind !== 'InlineFragment') return null
    for (const field of selection.selections) {
      if (field.kind !== 'Field' || (field.selections ?? []).length > 0 || (field.alias ?? field.name) !== field.name) return null
      if (field.name !== '__typename') fields.add(field.name)
    }
  }
  return fields.size === 0 ? null : [...fields]
}

/** The keys still whole while a representation is written, as bits, and whether a required field was missing. */
interface Progress {
  keys: number
  missing: boolean
  readonly plain: boolean
}

type WriteFields = (object: JsonObject, progress: Progress) => string

/** More keys than this for one type in one subgraph are not told apart. */
const maxKeys = 30

/** @throws TypeError on a selection of an unknown kind */
export function compileRepresentation(
  requires: readonly RequiresSelection[],
  rewrites: readonly FetchRewrite[] | undefined,
  service: string,
  types: TypeSystem,
): WriteRepresentation {
  const cases = requires.map((selection) => {
    if (selection.kind !== 'InlineFragment') throw new TypeError(`a representation must start with a type, not with ${selection.kind}`)
    const { typeCondition, selections } = selection
    const keys = types.keysOf(typeCondition, service).filter((key) => covers(selections, key)).slice(0, maxKeys)
    const slots = keys.map((key, index) => ({ bit: 1 << index, fields: key }))
    return { typeCondition, allKeys: (1 << keys.length) - 1, write: compileFields(selections, slots, types) }
  })
  const rename = compileRename(rewrites, service, types)
  return (entity, impaired, plain) => {
    const name = entity.__typename
    let fields = ''
    let known = name
    let whole = cases.length === 0
    for (const { typeCondition, allKeys, write } of cases) {
      // The name may be an interface's own (from an interface object), so either may be the wider one.
      if (typeof name === 'string' && !types.satisfies(name, typeCondition) && !types.satisfies(typeCondition, name)) continue
      known ??= typeCondition
      const progress: Progress = { keys: allKeys, missing: false, plain }
      const written = write(entity, progress)
      if (written === '' || (allKeys !== 0 && progress.keys === 0) || (impaired && progress.missing)) continue
      whole = true
      fields += written
    }
    return whole && typeof known === 'string' ? rename(known, fields) : null
  }
}

function covers(selections: readonly RequiresSelection[], key: KeyFields): boolean {
  return [...key].every(([name, nested]) =>
    selections.some((selection) => {
      if (selection.kind === 'InlineFragment') return covers(selection.selections, new Map([[name, nested]]))
      return selection.kind === 'Field' && (selection.alias ?? selection.name) === name && covers(selection.selections ?? [], nested)
    }),
  )
}

interface KeySlot {
  readonly bit: number
  readonly fields: KeyFields
}

/** The result starts every field with a comma: `,"id":"1"`. */
function compileFields(selections: readonly RequiresSelection[], slots: readonly KeySlot[], types: TypeSystem): WriteFields {
  const writers = selections.flatMap((selection): WriteFields[] => {
    if (selection.kind === 'InlineFragment') {
      const { typeCondition } = selection
      const write = compileFields(selection.selections, slots, types)
      return [(object, progress) => (fits(object.__typename, typeCondition, types) ? write(object, progress) : '')]
    }
    if (selection.kind !== 'Field') throw new TypeError(`unknown selection ${JSON.stringify(selection)}`)
    const output = selection.alias ?? selection.name
    return output === '__typename' ? [] : [compileField(selection.name, output, selection.selections ?? [], slots, types)]
  })
  const [only] = writers
  if (writers.length === 1 && only !== undefined) return only
  return (object, progress) => {
    let text = ''
    for (const write of writers) text += write(object, progress)
    return text
  }
}

function fits(name: unknown, condition: string, types: TypeSystem): boolean {
  return typeof name !== 'string' || types.satisfies(name, condition) || types.satisfies(condition, name)
}

function compileField(name: string, output: string, selections: readonly RequiresSelection[], slots: readonly KeySlot[], types: TypeSystem): WriteFields {
  const inKeys = slots.filter(({ fields }) => fields.has(output))
  const nestedSlots = inKeys.map(({ bit, fields }) => ({ bit, fields: fields.get(output) ?? new Map<string, KeyFields>() }))
  const broken = ~inKeys.reduce((bits, { bit }) => bits | bit, 0)
  const isKey = inKeys.length > 0
  const prefix = `,${JSON.stringify(output)}:`
  const isNamed = isRequiredName(name)
  const writeNested = selections.length === 0 ? null : compileFields(selections, nestedSlots, types)
  return (object, progress) => {
    let value = object[name]
    if (value === undefined && !isNamed) value = object[output]
    if (value === undefined || value === null) {
      progress.keys &= broken
      if (value === null && !isKey) return `${prefix}null`
      if (value === undefined) progress.missing = true
      return ''
    }
    return prefix + (writeNested === null ? writeLeaf(value, progress.plain) : writeNestedValue(value, writeNested, progress))
  }
}

function writeLeaf(value: unknown, plain: boolean): string {
  if (typeof value === 'string') return writeString(value, plain)
  return Number.isInteger(value) ? String(value) : JSON.stringify(value)
}

function writeNestedValue(value: unknown, write: WriteFields, progress: Progress): string {
  if (Array.isArray(value)) return `[${value.map((item: unknown) => writeNestedValue(item, write, progress)).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const fields = write(value, progress)
  const name = value.__typename
  if (typeof name === 'string') return `{"__typename":${JSON.stringify(name)}${fields}}`
  return fields === '' ? 'null' : `{${fields.slice(1)}}`
}

/** Puts a representation together; a rewrite is nearly always "call it by the interface's name", which needs no parsing. */
function compileRename(rewrites: readonly FetchRewrite[] | undefined, service: string, types: TypeSystem): (name: string, fields: string) => string {
  const starts = new Map<string, string>()
  const whole = (name: string, fields: string): string => {
    let start = starts.get(name)
    if (start === undefined) {
      // A plan may take an object for one of an interface object that has been found to be of another type meanwhile.
      start = `{"__typename":${JSON.stringify(types.nameIn(name, service))}`
      // Names that the supergraph does not know could be without number.
      if (types.has(name)) starts.set(name, start)
    }
    return `${start}${fields}}`
  }
  const rewrite = compileRewrites(rewrites, types)
  if (rewrite === null || rewrites === undefined) return whole
  const setters = rewrites.map((item) => typenameSetter(item))
  if (setters.every((setter) => setter !== null)) {
    return (name, fields) => {
      let renamed = name
      for (const { conditions, to } of setters) if (conditions.some((condition) => types.satisfies(renamed, condition))) renamed = to
      return whole(renamed, fields)
    }
  }
  return (name, fields) => {
    const parsed: unknown = JSON.parse(whole(name, fields))
    rewrite(parsed)
    return JSON.stringify(parsed)
  }
}

function typenameSetter(rewrite: FetchRewrite): { conditions: readonly string[]; to: string } | null {
  if (!('ValueSetter' in rewrite)) return null
  const { path, setValueTo } = rewrite.ValueSetter
  const [condition, key, ...rest] = path
  if (condition === undefined || key === undefined || rest.length > 0) return null
  if (!('TypenameEquals' in condition) || !('Key' in key) || key.Key !== '__typename') return null
  return { conditions: condition.TypenameEquals, to: setValueTo }
}
