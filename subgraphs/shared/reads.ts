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

/** Makes of a store one that tells `reads` of every call before it is made; the store itself where nobody listens. */
export function watching<Store extends object>(tags: TagsOf<Store>): (store: Store, reads: ReadLog | undefined) => Store {
  class Watched {
    readonly store: Store
    readonly reads: ReadLog

    constructor(store: Store, reads: ReadLog) {
      this.store = store
      this.reads = reads
    }
  }
  for (const name of Object.keys(tags) as (keyof Store & string)[]) {
    const tagsOf = tags[name] as (...args: readonly unknown[]) => readonly Tag[] | null
    Object.defineProperty(Watched.prototype, name, {
      enumerable: true,
      value(this: Watched, ...args: readonly unknown[]) {
        const known = tagsOf(...args)
        if (known === null) this.reads.unkeepable()
        else this.reads.note(known)
        return (this.store[name] as Reader)(...args)
      },
    })
  }
  return (store, reads) => (reads === undefined ? store : (new Watched(store, reads) as unknown as Store))
}
