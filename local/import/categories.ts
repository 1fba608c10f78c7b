import { createHash } from 'node:crypto'
import type { Run } from './table.ts'

interface Category {
  readonly id: string
  readonly parentId: string | null
  readonly names: readonly string[]
}

/**
 * Adds the categories that staged products name, and all above them. A category that is there keeps its id; a new one gets the
 * slugs of its levels joined by '/', with -2, -3 … behind it where that is taken.
 */
export async function mergeCategories(run: Run): Promise<void> {
  const known = new Map((await run<{ id: string; path: string }>('select id, path from category')).map(({ id, path }) => [path, id]))
  const named = await run<{ category: string }>('select distinct category from staged where category is not null')
  const fresh = newCategories(named.map(({ category }) => JSON.parse(category) as string[]), known)
  if (fresh.length === 0) return
  await run('insert into category (id, parent_id, name, path) select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])', [
    fresh.map(({ id }) => id),
    fresh.map(({ parentId }) => parentId),
    fresh.map(({ names }) => names.at(-1)),
    fresh.map(({ names }) => JSON.stringify(names)),
  ])
}

/**
 * The categories to add, parents first, in an order that depends on their names alone.
 * @param paths names from the top level down
 * @param known ids by path (JSON text)
 */
export function newCategories(paths: readonly (readonly string[])[], known: ReadonlyMap<string, string>): Category[] {
  const wanted = new Set<string>()
  for (const path of paths) path.forEach((_, at) => wanted.add(JSON.stringify(path.slice(0, at + 1))))
  const ids = new Map(known)
  const taken = new Set(known.values())
  const fresh: Category[] = []
  for (const path of [...wanted].filter((text) => !known.has(text)).toSorted(byDepthThenText)) {
    const names = JSON.parse(path) as string[]
    const parentId = names.length === 1 ? null : (ids.get(JSON.stringify(names.slice(0, -1))) ?? null)
    const own = slug(names.at(-1) ?? '')
    const id = unused(parentId === null ? own : `${parentId}/${own}`, taken)
    taken.add(id)
    ids.set(path, id)
    fresh.push({ id, parentId, names })
  }
  return fresh
}

function byDepthThenText(a: string, b: string): number {
  const depth = (JSON.parse(a) as string[]).length - (JSON.parse(b) as string[]).length
  return depth !== 0 ? depth : a < b ? -1 : 1
}

function unused(id: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id
  let ordinal = 2
  while (taken.has(`${id}-${ordinal}`)) ordinal += 1
  return `${id}-${ordinal}`
}

/** "Tea & Coffee" → "tea-coffee". A name without any letter or digit becomes a short hash of itself. */
export function slug(name: string): string {
  const words = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-|-$/g, '')
  return words === '' ? createHash('sha256').update(name).digest('hex').slice(0, 8) : words
}
