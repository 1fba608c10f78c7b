/** A value that is here, or comes. */
export type Later<Value> = Value | PromiseLike<Value>

type Kept<Value> = (value: Value) => void
type Broken = (error: unknown) => void

const pending = 0
const kept = 1
const broken = 2

/**
 * A promise without ticks: what waits for it runs in the very call that settles it, and what asks it later is answered in that call.
 * So reads of a database that answers at once (SQLite in this process) are chained as those of one that does not, and take no turn of the
 * event loop. Nobody is told of one that breaks and is not waited for. It is settled once.
 */
export class Soon<Value> implements PromiseLike<Value> {
  #state = pending
  #result: unknown = undefined
  #waiting: [Kept<Value>, Broken][] | null = null

  static of<Value>(value: Value): Soon<Value> {
    const soon = new Soon<Value>()
    soon.keep(value)
    return soon
  }

  static failed<Value = never>(error: unknown): Soon<Value> {
    const soon = new Soon<Value>()
    soon.fail(error)
    return soon
  }

  keep(value: Value): void {
    if (this.#state !== pending) return
    this.#state = kept
    this.#result = value
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting !== null) for (const [onKept] of waiting) onKept(value)
  }

  fail(error: unknown): void {
    if (this.#state !== pending) return
    this.#state = broken
    this.#result = error
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting !== null) for (const [, onBroken] of waiting) onBroken(error)
  }

  /** Tells how it ends. Neither function may throw. */
  when(onKept: Kept<Value>, onBroken: Broken): void {
    if (this.#state === kept) onKept(this.#result as Value)
    else if (this.#state === broken) onBroken(this.#result)
    else (this.#waiting ??= []).push([onKept, onBroken])
  }

  then<Then = Value, Caught = never>(onKept?: ((value: Value) => Later<Then>) | null, onBroken?: ((error: unknown) => Later<Caught>) | null): Soon<Then | Caught> {
    const next = new Soon<Then | Caught>()
    if (this.#state === kept && onKept !== null && onKept !== undefined) follow(next, onKept, this.#result as Value)
    else this.when(
      (value) => follow(next, onKept ?? ((same) => same as unknown as Then), value),
      (error) => (onBroken === null || onBroken === undefined ? next.fail(error) : follow(next, onBroken, error)),
    )
    return next
  }

  /** The value itself where it is here, so that nobody need wait. @throws what it broke with */
  get now(): Later<Value> {
    if (this.#state === broken) throw this.#result
    return this.#state === kept ? (this.#result as Value) : this
  }
}

function follow<Given, Made>(next: Soon<Made>, make: (given: Given) => Later<Made>, given: Given): void {
  let made: Later<Made>
  try {
    made = make(given)
  } catch (error) {
    next.fail(error)
    return
  }
  if (isPromise(made)) when(made, (value) => next.keep(value), (error) => next.fail(error))
  else next.keep(made)
}

/** The value itself where it is here, a promise of it where it is not. @throws what it broke with */
export function atOnce(value: unknown): unknown {
  return value instanceof Soon ? value.now : value
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function'
}

/** Tells how a promise ends, whatever its kind; neither function may throw. */
export function when<Value>(promise: PromiseLike<Value>, onKept: Kept<Value>, onBroken: Broken): void {
  if (promise instanceof Soon) (promise as Soon<Value>).when(onKept, onBroken)
  else promise.then(onKept, onBroken)
}

/** What `make` makes of the value: at once where it is here. @throws what a value that is here broke with */
export function after<Value, Made>(value: Later<Value>, make: (value: Value) => Later<Made>): Later<Made> {
  const here = atOnce(value) as Later<Value>
  return isPromise(here) ? here.then(make) : make(here)
}

/** Does `work`, then `end` however it ended. */
export function lastly<Value>(work: () => Later<Value>, end: () => void): Later<Value> {
  let value: Later<Value>
  try {
    value = work()
  } catch (error) {
    end()
    throw error
  }
  if (!isPromise(value)) {
    end()
    return value
  }
  return value.then(
    (settled) => {
      end()
      return settled
    },
    (error: unknown) => {
      end()
      throw error
    },
  )
}

/** Fills in the places of an object or a list as their values come. */
export class Gathering<Into extends object> {
  readonly #into: Into
  readonly #whole = new Soon<Into>()
  #awaited = 1

  constructor(into: Into) {
    this.#into = into
  }

  add<Place extends keyof Into>(place: Place, value: PromiseLike<Into[Place]>): void {
    this.#awaited += 1
    when(
      value,
      (settled) => {
        this.#into[place] = settled
        this.#arrived()
      },
      (error) => this.#whole.fail(error),
    )
  }

  /** No more are added. Breaks with the first that does. */
  whole(): Soon<Into> {
    this.#arrived()
    return this.#whole
  }

  #arrived(): void {
    this.#awaited -= 1
    if (this.#awaited === 0) this.#whole.keep(this.#into)
  }
}
