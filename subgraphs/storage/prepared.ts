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

/** A statement for one variant of its lists, and which of its parameters are lists. */
interface Variant<Row> {
  readonly query: CompiledQuery<Row>
  readonly lists: readonly { readonly at: number; readonly list: ListParameter }[]
}

const none: readonly string[] = []

/**
 * A statement whose text is built once (for lists of one value, and for longer ones) and then run with other lists: building it
 * would cost more than running it.
 */
export function prepared<Row>(storage: Storage, build: (...lists: [ListParameter, ListParameter]) => Compilable<Row>): (first: readonly string[], second?: readonly string[]) => PromiseLike<Row[]> {
  const { dialect } = storage
  const variants: (Variant<Row> | undefined)[] = []
  const compile = (one: boolean, other: boolean): Variant<Row> => {
    const query = build(new ListParameter(0, one), new ListParameter(1, other)).compile()
    return { query, lists: query.parameters.flatMap((list, at) => (list instanceof ListParameter ? [{ at, list }] : [])) }
  }
  return (first, second = none) => {
    const one = first.length === 1
    const other = second.length === 1
    const { query, lists } = (variants[(one ? 1 : 0) + (other ? 2 : 0)] ??= compile(one, other))
    const parameters = query.parameters.slice()
    for (let nth = 0; nth < lists.length; nth += 1) {
      const { at, list } = lists[nth] as (typeof lists)[number]
      parameters[at] = dialect.bindList(list, list.index === 0 ? first : second)
    }
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
