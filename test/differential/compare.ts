import type { Answer } from '../environment/client.ts'

/** Codes of what a store's node does not hold: there, and only there, it may answer less than the cloud. */
const storeOnly: ReadonlySet<string> = new Set(['CLOUD_ONLY', 'OUT_OF_SCOPE', 'OUT_OF_RETENTION'])

type Path = readonly (string | number)[]

/** How two answers compare. */
export interface Comparison {
  /** What differs, for people; null where the answers mean the same. */
  readonly difference: string | null
  /** True where the node answered all of it. */
  readonly whole: boolean
}

/**
 * Compares what the cloud and a store's node answer to the same operation at the same position: the bytes of `data` and the
 * places and codes of errors, but for what is null in the store because it is not held there.
 */
export function compareAnswers(cloud: Answer, store: Answer, storeId: string): Comparison {
  const lacking = store.errors.filter(({ extensions }) => storeOnly.has(extensions?.code ?? ''))
  const own = lacking.find(({ extensions }) => (extensions as { readonly storeId?: string } | undefined)?.storeId === storeId)
  if (own !== undefined) return { difference: `the node refuses its own store's data: ${JSON.stringify(own)}`, whole: false }
  const masks = lacking.map(({ path = [] }) => nullOn(path, dataOf(store)))
  const open = masks.findIndex((mask) => mask === null)
  if (open >= 0) return { difference: `an error of the node's without a null: ${JSON.stringify(lacking[open])}`, whole: false }
  const known = masks.filter((mask) => mask !== null)
  const ofCloud = view(cloud, known)
  const ofStore = view(store, known)
  if (ofCloud.status === ofStore.status && ofCloud.data === ofStore.data && sameFaults(ofCloud.faults, ofStore.faults)) return { difference: null, whole: lacking.length === 0 }
  const from = Math.max(0, firstDifference(ofCloud.data, ofStore.data) - 200)
  return { difference: [describe('cloud', cloud, ofCloud, from), describe('store', store, ofStore, from)].join('\n'), whole: false }
}

/** An answer as far as it is compared. */
interface View {
  readonly status: number
  readonly data: string
  /** The codes of the errors behind each null. */
  readonly faults: ReadonlyMap<string, ReadonlySet<string>>
}

function view(answer: Answer, masks: readonly Path[]): View {
  const data = dataOf(answer)
  const faults = new Map<string, Set<string>>()
  for (const { path, extensions } of answer.errors) {
    const place = path === undefined ? [] : nullOn(path, data)
    if (place !== null && masks.some((mask) => startsWith(place, mask))) continue
    const label = place === null ? `no null on ${path?.join('.') ?? ''}` : place.join('.')
    faults.set(label, (faults.get(label) ?? new Set()).add(extensions?.code ?? 'no code'))
  }
  return { status: answer.status, data: masks.length === 0 ? answer.dataText : JSON.stringify(masked(data, masks)), faults }
}

/** Of several errors that make the same null a server may report one or all, in any order, so one that both report is enough. */
function sameFaults(cloud: View['faults'], store: View['faults']): boolean {
  return cloud.size === store.size && [...cloud].every(([place, codes]) => !codes.isDisjointFrom(store.get(place) ?? new Set()))
}

function firstDifference(one: string, other: string): number {
  let at = 0
  while (at < one.length && one[at] === other[at]) at += 1
  return at
}

function describe(who: string, { errors }: Answer, { status, data, faults }: View, from: number): string {
  const places = [...faults].map(([place, codes]) => `${[...codes].join(', ')} at ${place}`)
  return `${who} ${status} ${from > 0 ? `(from ${from}) …` : ''}${data.slice(from, from + 800)}\n  ${places.join('; ')}\n  ${JSON.stringify(errors).slice(0, 2_000)}`
}

function dataOf({ dataText }: Answer): unknown {
  return dataText === '' ? null : JSON.parse(dataText)
}

/** The place at or above `path` that is null; null where nothing is. */
function nullOn(path: Path, data: unknown): Path | null {
  let value = data
  for (let depth = 0; ; depth += 1) {
    if (value === null) return path.slice(0, depth)
    const key = path[depth]
    if (key === undefined || typeof value !== 'object') return null
    value = (value as Readonly<Record<string | number, unknown>>)[key]
  }
}

/** A copy of the data with nulls in these places. */
function masked(data: unknown, places: readonly Path[]): unknown {
  if (places.some((place) => place.length === 0)) return null
  if (typeof data !== 'object' || data === null) return data
  const below = (key: string | number): Path[] => places.filter((place) => place[0] === key).map((place) => place.slice(1))
  if (Array.isArray(data)) return data.map((item: unknown, index) => masked(item, below(index)))
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, masked(value, below(key))]))
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((key, index) => path[index] === key)
}
