import DataLoader from 'dataloader'
import { isPromise, Soon, when, type Later } from './soon.ts'

/** Gives what many ask for one by one, reading it together. */
export interface Loader<Key, Value> {
  load(key: Key): PromiseLike<Value>
}

/** Reads for several keys: a value, or what is wrong with it, for each in its place. */
export type LoadMany<Key, Value> = (keys: readonly Key[]) => PromiseLike<readonly (Value | Error)[]>

/** The same for one key. */
export type LoadOne<Key, Value> = (key: Key) => Later<Value | Error>

/**
 * The loader of one request.
 * @param batches of a request that is driven; without it a DataLoader reads once a tick
 * @param nameOf keys of one name are the same key
 * @param loadOne where it is given, a request that is driven reads by it, each key when it is asked for
 */
export function createLoader<Key, Value>(batches: Batches | undefined, load: LoadMany<Key, Value>, nameOf: (key: Key) => unknown = (key) => key, loadOne?: LoadOne<Key, Value>): Loader<Key, Value> {
  if (batches !== undefined && loadOne !== undefined) return new DirectLoader(loadOne, nameOf)
  // DataLoader wants promises that can `catch`.
  return batches === undefined ? new DataLoader<Key, Value, unknown>(async (keys) => load(keys), { cacheKeyFn: nameOf }) : new DrivenLoader(batches, load, nameOf)
}

/**
 * The loads that wait in one request. While it is driven they are read as soon as nothing else is left to do, without a tick between;
 * else after all promises of the tick, as DataLoader does it.
 */
export class Batches {
  #waiting: { dispatch(): void }[] = []
  #driven = false
  #scheduled = false

  /** Does `work` and everything that its loads lead to, as far as it needs nothing that takes time. */
  drive<Result>(work: () => Result): Result {
    this.#driven = true
    try {
      const result = work()
      this.#dispatch()
      return result
    } finally {
      this.#driven = false
      if (this.#waiting.length > 0) this.#schedule()
    }
  }

  add(loader: { dispatch(): void }): void {
    this.#waiting.push(loader)
    if (!this.#driven) this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    void Promise.resolve().then(() =>
      process.nextTick(() => {
        this.#scheduled = false
        this.#dispatch()
      }),
    )
  }

  /** A loader that is still to come takes what the earlier ones lead to into the same batch. */
  #dispatch(): void {
    for (let at = 0; at < this.#waiting.length; at += 1) this.#waiting[at]?.dispatch()
    this.#waiting = []
  }
}

/** For a database that answers at once: reading one row costs it less than gathering keys and dealing out what was found. */
class DirectLoader<Key, Value> implements Loader<Key, Value> {
  readonly #load: LoadOne<Key, Value>
  readonly #nameOf: (key: Key) => unknown
  #firstName: unknown = undefined
  #first: Soon<Value> | null = null
  /** All but the first: most requests ask for one. */
  #others: Map<unknown, Soon<Value>> | null = null

  constructor(load: LoadOne<Key, Value>, nameOf: (key: Key) => unknown) {
    this.#load = load
    this.#nameOf = nameOf
  }

  load(key: Key): Soon<Value> {
    const name = this.#nameOf(key)
    const known = name === this.#firstName && this.#first !== null ? this.#first : this.#others?.get(name)
    if (known !== undefined) return known
    let found: Later<Value | Error>
    try {
      found = this.#load(key)
    } catch (error) {
      return Soon.failed(error)
    }
    const value = new Soon<Value>()
    this.#remember(name, value)
    const settle = (given: Value | Error): void => (given instanceof Error ? value.fail(given) : value.keep(given))
    if (!isPromise(found)) settle(found)
    else
      when(found, settle, (error) => {
        // Who asks again tries again.
        this.#forget(name)
        value.fail(error)
      })
    return value
  }

  #remember(name: unknown, value: Soon<Value>): void {
    if (this.#first !== null) (this.#others ??= new Map()).set(name, value)
    else {
      this.#firstName = name
      this.#first = value
    }
  }

  #forget(name: unknown): void {
    if (name === this.#firstName) this.#first = null
    else this.#others?.delete(name)
  }
}

/** What DataLoader does, under a request that is driven. */
class DrivenLoader<Key, Value> implements Loader<Key, Value> {
  readonly #batches: Batches
  readonly #load: LoadMany<Key, Value>
  readonly #nameOf: (key: Key) => unknown
  readonly #known = new Map<unknown, Soon<Value>>()
  #keys: Key[] = []
  #values: Soon<Value>[] = []

  constructor(batches: Batches, load: LoadMany<Key, Value>, nameOf: (key: Key) => unknown) {
    this.#batches = batches
    this.#load = load
    this.#nameOf = nameOf
  }

  load(key: Key): Soon<Value> {
    const name = this.#nameOf(key)
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const value = new Soon<Value>()
    this.#known.set(name, value)
    if (this.#keys.length === 0) this.#batches.add(this)
    this.#keys.push(key)
    this.#values.push(value)
    return value
  }

  dispatch(): void {
    const keys = this.#keys
    const values = this.#values
    this.#keys = []
    this.#values = []
    const fail = (error: unknown): void => {
      // Who asks again tries again.
      for (const key of keys) this.#known.delete(this.#nameOf(key))
      for (const value of values) value.fail(error)
    }
    const settle = (found: readonly (Value | Error)[]): void => {
      if (found.length !== keys.length) return fail(new TypeError(`A loader gave ${found.length} values for ${keys.length} keys.`))
      for (const [at, value] of values.entries()) {
        const given = found[at] as Value | Error
        if (given instanceof Error) value.fail(given)
        else value.keep(given)
      }
    }
    try {
      when(this.#load(keys), settle, fail)
    } catch (error) {
      fail(error)
    }
  }
}
