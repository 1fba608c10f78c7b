import { createLoader, type Batches, type Loader } from './loader.ts'
import { canonicalJson } from './once.ts'
import { after } from './soon.ts'

/** What is asked of one owner (a store, a device): the owner's id and the arguments of the field. */
export interface OwnerKey<Args> {
  readonly id: string
  readonly args: Args
}

/**
 * A loader for fields with arguments: the owners asked with equal arguments are answered by one call of `load`,
 * however many they are. An owner that `load` leaves out gets `absent()`.
 */
export function ownerLoader<Args, Value>(
  batches: Batches | undefined,
  load: (ids: readonly string[], args: Args) => Promise<ReadonlyMap<string, Value>>,
  absent: () => Value,
): Loader<OwnerKey<Args>, Value> {
  return createLoader(
    batches,
    async (keys) => {
      const groups = new Map<string, { readonly args: Args; readonly ids: Set<string> }>()
      for (const { id, args } of keys) {
        const label = canonicalJson(args)
        const group = groups.get(label)
        if (group === undefined) groups.set(label, { args, ids: new Set([id]) })
        else group.ids.add(id)
      }
      const answers = new Map<string, ReadonlyMap<string, Value>>()
      await Promise.all([...groups].map(async ([label, { args, ids }]) => answers.set(label, await load([...ids], args))))
      return keys.map(({ id, args }) => answers.get(canonicalJson(args))?.get(id) ?? absent())
    },
    ({ id, args }) => canonicalJson([id, args]),
  )
}

/** A loader of rows by their id; null where there is none. */
export function rowLoader<Row extends { readonly id: string }>(batches: Batches | undefined, read: (ids: readonly string[]) => PromiseLike<readonly Row[]>): Loader<string, Row | null> {
  return createLoader<string, Row | null>(
    batches,
    (ids) =>
      read(ids).then((found) => {
        const rows = new Map(found.map((row) => [row.id, row]))
        return ids.map((id) => rows.get(id) ?? null)
      }),
    (id) => id,
    (id) => after(read([id]), ([row = null]) => row),
  )
}

/** Rows by the owner they belong to, each owner's in their order. */
export function groupBy<Row>(rows: readonly Row[], ownerOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const owner = ownerOf(row)
    const group = groups.get(owner)
    if (group === undefined) groups.set(owner, [row])
    else group.push(row)
  }
  return groups
}
