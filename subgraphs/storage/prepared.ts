import type { Compilable, CompiledQuery } from 'kysely'
import type { Storage } from './storage.ts'

/** Stands for a list of texts in a statement that is built before its values are known. */
export class ListParameter {
  readonly index: number
  /** The list always has one value, so that the statement can say `=`. */
  readonly single: boolean

  constructor(index: number, single: boolean) {
    this.index = index
    this.single = single
  }
}

type Lists = readonly (readonly string[])[]

/**
 * A statement whose text is built once (for lists of one value, and for longer ones) and then run with other lists: building it
 * would cost more than running it.
 */
export function prepared<Row>(storage: Storage, build: (...lists: [ListParameter, ListParameter]) => Compilable<Row>): (...lists: Lists) => PromiseLike<Row[]> {
  const variants = new Map<number, CompiledQuery<Row>>()
  return (...lists) => {
    let variant = 0
    for (const [at, list] of lists.entries()) if (list.length === 1) variant |= 1 << at
    let query = variants.get(variant)
    if (query === undefined) {
      query = build(new ListParameter(0, (variant & 1) !== 0), new ListParameter(1, (variant & 2) !== 0)).compile()
      variants.set(variant, query)
    }
    const { dialect } = storage
    const parameters = query.parameters.map((value) => (value instanceof ListParameter ? dialect.bindList(value, lists[value.index] ?? []) : value))
    return storage.run(query, parameters)
  }
}

/** What is made of a storage once and kept as long as the storage. */
export function perStorage<Made>(make: (storage: Storage) => Made): (storage: Storage) => Made {
  const known = new WeakMap<Storage, Made>()
  return (storage) => {
    let made = known.get(storage)
    if (made === undefined) known.set(storage, (made = make(storage)))
    return made
  }
}
