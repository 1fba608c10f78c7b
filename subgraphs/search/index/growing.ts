/** Numbers below 2^32, of which there are ever more. */
export class GrowingNumbers {
  #values = new Uint32Array(1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  at(place: number): number {
    return this.#values[place] ?? 0
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow(this.#length + 1)
    this.#values[this.#length] = value
    this.#length += 1
  }

  /** Sets one at any place; those passed over are 0. */
  put(place: number, value: number): void {
    if (place >= this.#values.length) this.#grow(place + 1)
    this.#values[place] = value
    this.#length = Math.max(this.#length, place + 1)
  }

  /** All of them as they are now: for a loop, in which a call for each would be the most of it. */
  view(): Uint32Array {
    return this.#values.subarray(0, this.#length)
  }

  #grow(least: number): void {
    const larger = new Uint32Array(2 * least)
    larger.set(this.#values)
    this.#values = larger
  }
}

const pageBits = 8
const pageSize = 1 << pageBits

/** Where each number stands, for numbers of which whole stretches may be missing. */
export class Places {
  #pages: (Int32Array | undefined)[] = []

  /** −1 for a number that was never set. */
  at(number: number): number {
    const page = this.#pages[number >>> pageBits]
    return page === undefined ? -1 : (page[number & (pageSize - 1)] ?? 0) - 1
  }

  set(number: number, place: number): void {
    const at = number >>> pageBits
    const page = (this.#pages[at] ??= new Int32Array(pageSize))
    page[number & (pageSize - 1)] = place + 1
  }
}
