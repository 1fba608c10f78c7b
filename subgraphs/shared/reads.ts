import type { Tag } from './tags.ts'

/** Told what an execution reads, so that its answer can be kept until any of it changes. */
export interface ReadLog {
  note(tags: readonly Tag[]): void
  /** The answer depends on something that no tag stands for (a clock, another server): it is not kept. */
  unkeepable(): void
}

/** For each function of a store the tags of what it reads; null for what no tag stands for. */
export type TagsOf<Store> = {
  readonly [Name in keyof Store]: Store[Name] extends (...args: infer Args) => unknown ? (...args: Args) => readonly Tag[] | null : never
}

type Reader = (...args: readonly unknown[]) => unknown

/** The store, telling `reads` of every call before it is made; the store itself where nobody listens. */
export function watched<Store extends object>(store: Store, tags: TagsOf<Store>, reads: ReadLog | undefined): Store {
  if (reads === undefined) return store
  const watching: Record<string, Reader> = {}
  for (const name of Object.keys(tags)) {
    const read = store[name as keyof Store] as Reader
    const tagsOf = tags[name as keyof Store] as (...args: readonly unknown[]) => readonly Tag[] | null
    watching[name] = (...args) => {
      const known = tagsOf(...args)
      if (known === null) reads.unkeepable()
      else reads.note(known)
      return read(...args)
    }
  }
  return watching as Store
}
