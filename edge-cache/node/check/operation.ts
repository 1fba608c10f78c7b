import { TypeInfo, visit, visitWithTypeInfo, type GraphQLSchema } from 'graphql'
import { AisleError, type ErrorCode } from '../../../runtime/errors.ts'
import { isObject, type JsonObject } from '../../../runtime/json.ts'
import type { PreparedOperation } from '../serve/documents.ts'
import type { Samples } from './samples.ts'
import type { Access } from './statements.ts'
import { trialsOf, type Trial } from './variables.ts'

/** Whether an operation is answered without the cloud; `unproven` where the copy has nothing to try it with. */
export type Verdict = 'yes' | 'in part' | 'cloud only' | 'unproven' | 'no'

export interface OperationReport {
  readonly name: string
  readonly id: string
  readonly type: 'query' | 'mutation' | 'subscription'
  readonly offline: Verdict
  /** Why not, or why it could not be tried. */
  readonly reasons: readonly string[]
  /** Its fields that only the cloud answers, as 'Type.field'. */
  readonly cloudOnly: readonly string[]
  /** What it does not answer of another store than its own, as 'products.*.price'. */
  readonly otherStores: readonly string[]
  readonly access: Access
  /** The variables that took longest; null for what is not run. */
  readonly worst: JsonObject | null
  readonly runs: number
  /** Milliseconds. */
  readonly p50Ms: number | null
  readonly maxMs: number | null
}

/** One execution. */
export interface Run {
  readonly ms: number
  readonly errors: readonly { readonly code: string; readonly path: string }[]
}

export interface OperationTools {
  readonly schema: GraphQLSchema
  readonly cloudOnly: ReadonlySet<string>
  readonly samples: Samples
  /** Executions of the worst case. */
  readonly runs: number
  run(operation: PreparedOperation, variables: JsonObject): Promise<Run>
  /** Runs it once more and says what it touches. */
  accessOf(operation: PreparedOperation, variables: readonly JsonObject[]): Promise<Access>
}

/** Not the operation's fault, but of the values it is tried with. */
const unsuited: ReadonlySet<string> = new Set<ErrorCode>(['BAD_USER_INPUT', 'OUT_OF_RETENTION'])
const noAccess: Access = { tables: [], indexes: [], scans: [] }

/** Proves one operation by running it with the dearest variables that the copy offers; what writes or goes on for ever is only read. */
export async function checkOperation(operation: PreparedOperation, tools: OperationTools): Promise<OperationReport> {
  const { id, name, type, document } = operation
  const { schema, samples } = tools
  const { cloudOnly, allOfIt } = cloudOnlyFields(operation, tools)
  const report: OperationReport = {
    name, id, type, offline: allOfIt ? 'cloud only' : cloudOnly.length > 0 ? 'in part' : 'yes', reasons: [], cloudOnly, otherStores: [], access: noAccess, worst: null, runs: 0, p50Ms: null, maxMs: null,
  }
  if (type !== 'query' || allOfIt) return report
  const { trials, lacking } = trialsOf(schema, document, samples)
  if (lacking.length > 0) return { ...report, offline: 'unproven', reasons: [`the copy has nothing to try ${lacking.map((each) => `$${each}`).join(', ')} with`] }

  const once = (variables: JsonObject): Promise<Run> => tools.run(operation, variables)
  // The first time tells of what had not been read or compiled yet, not of the variables.
  const run = async (variables: JsonObject): Promise<Run> => {
    await once(variables)
    return once(variables)
  }
  const sets = await variableSets(trials, once)
  const tried: { readonly variables: JsonObject; readonly run: Run }[] = []
  for (const variables of sets) tried.push({ variables, run: await run(variables) })
  const combined = combine(trials, tried)
  tried.push({ variables: combined, run: await run(combined) })
  const suited = tried.filter(({ run: { errors } }) => !errors.some(({ code }) => unsuited.has(code)))
  const [worst] = suited.toSorted((one, other) => other.run.ms - one.run.ms)
  if (worst === undefined) return { ...report, offline: 'unproven', reasons: [`no variables suit it: ${tried[0]?.run.errors[0]?.code}`] }

  const faults = new Set(suited.flatMap(({ run: { errors } }) => errors.filter(({ code }) => code !== 'CLOUD_ONLY').map(({ code, path }) => `${path}: ${code}`)))
  const times: number[] = []
  for (let at = 0; at < tools.runs; at += 1) times.push((await once(worst.variables)).ms)
  times.sort((one, other) => one - other)
  return {
    ...report,
    ...(faults.size === 0 ? {} : { offline: 'no', reasons: [...faults] }),
    otherStores: await beyondTheStore(trials, worst.variables, samples.otherStore, once),
    access: await tools.accessOf(operation, suited.map(({ variables }) => variables)),
    worst: worst.variables,
    runs: times.length,
    p50Ms: times[Math.floor(times.length / 2)] ?? null,
    maxMs: times.at(-1) ?? null,
  }
}

/** Each sized variable at the largest value that is taken, and from there each value of each other variable in turn. */
async function variableSets(trials: readonly Trial[], run: (variables: JsonObject) => Promise<Run>): Promise<JsonObject[]> {
  const base: JsonObject = {}
  for (const { name, values, sized } of trials) set(base, name, sized ? values.at(-1) : values[0])
  for (const { name, values, sized } of trials) {
    if (!sized) continue
    for (const value of values) {
      const larger = set({ ...base }, name, value)
      if ((await run(larger)).errors.some(({ code }) => unsuited.has(code))) continue
      set(base, name, value)
      break
    }
  }
  return [base, ...trials.filter(({ sized }) => !sized).flatMap(({ name, values }) => values.slice(1).map((value) => set({ ...base }, name, value)))]
}

/** Of each variable the value that took longest. */
function combine(trials: readonly Trial[], tried: readonly { readonly variables: JsonObject; readonly run: Run }[]): JsonObject {
  const suited = tried.filter(({ run: { errors } }) => errors.length === 0)
  const [base] = tried
  const worst: JsonObject = { ...base?.variables }
  for (const { name, sized } of trials) {
    if (sized) continue
    const [dearest] = suited.filter(({ variables }) => variables === base?.variables || variables[name] !== base?.variables[name]).toSorted((one, other) => other.run.ms - one.run.ms)
    if (dearest !== undefined) set(worst, name, dearest.variables[name])
  }
  return worst
}

async function beyondTheStore(trials: readonly Trial[], variables: JsonObject, otherStore: string | null, run: (variables: JsonObject) => Promise<Run>): Promise<string[]> {
  const stores = trials.filter(({ isStore }) => isStore)
  if (stores.length === 0 || otherStore === null) return []
  const elsewhere = { ...variables }
  for (const { name } of stores) elsewhere[name] = otherStore
  const { errors } = await run(elsewhere)
  return [...new Set(errors.filter(({ code }) => code === 'OUT_OF_SCOPE').map(({ path }) => path))]
}

function set(variables: JsonObject, name: string, value: unknown): JsonObject {
  if (value === undefined) delete variables[name]
  else variables[name] = value
  return variables
}

function cloudOnlyFields({ document }: PreparedOperation, { schema, cloudOnly }: OperationTools): { readonly cloudOnly: string[]; readonly allOfIt: boolean } {
  const found = new Set<string>()
  let ownRoots = 0
  const types = new TypeInfo(schema)
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  visit(document, visitWithTypeInfo(types, {
    Field({ name }) {
      const parent = types.getParentType()
      const label = `${parent?.name}.${name.value}`
      if (cloudOnly.has(label)) found.add(label)
      else if (roots.some((root) => root !== null && root !== undefined && root === parent)) ownRoots += 1
    },
  }))
  return { cloudOnly: [...found], allOfIt: ownRoots === 0 && found.size > 0 }
}

/** What went wrong, from errors as they are answered. */
export function faultsOf(errors: readonly object[]): Run['errors'] {
  return errors.map((error: { extensions?: unknown; path?: unknown }) => ({
    code: isObject(error.extensions) ? String(error.extensions.code) : 'unknown',
    path: Array.isArray(error.path) ? error.path.map((key) => (typeof key === 'number' ? '*' : String(key))).join('.') : '',
  }))
}

/** A run that failed as a whole. */
export function failedRun(error: unknown, ms: number): Run {
  return { ms, errors: [{ code: AisleError.is(error) ? error.code : 'INTERNAL_SERVER_ERROR', path: '' }] }
}
