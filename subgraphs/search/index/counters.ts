/** Numbers for texts, from 1 on; 0 stands for null. A number tells two texts apart faster than their letters do. */
export class Codes {
  readonly #codes = new Map<string, number>()
  readonly #texts: string[] = ['']

  code(text: string | null): number {
    if (text === null) return 0
    let code = this.#codes.get(text)
    if (code === undefined) {
      code = this.#texts.push(text) - 1
      this.#codes.set(text, code)
    }
    return code
  }

  text(code: number): string {
    return this.#texts[code] ?? ''
  }
}

/** Numbers, each once, with how often each was counted at the same place. */
export interface Counted {
  readonly numbers: Uint32Array
  readonly counts: Uint32Array
}

/** Counts small numbers; all stand at 0 between two counts. A place in it costs a fraction of one in a map. */
export class Counters {
  #counts = new Uint32Array(1024)
  #seen = new Uint32Array(1024)
  #seenCount = 0

  add(number: number): void {
    if (number >= this.#counts.length) this.#counts = larger(this.#counts, number)
    const count = this.#counts[number] ?? 0
    if (count === 0) this.#see(number)
    this.#counts[number] = count + 1
  }

  /** Counts a stretch of a list. */
  addAll(numbers: Uint32Array, from: number, to: number): void {
    for (let at = from; at < to; at += 1) this.add(numbers[at] ?? 0)
  }

  /** What was counted since the last time. */
  take(): Counted {
    const numbers = this.#seen.slice(0, this.#seenCount)
    const counts = numbers.map((number) => this.#counts[number] ?? 0)
    for (const number of numbers) this.#counts[number] = 0
    this.#seenCount = 0
    return { numbers, counts }
  }

  #see(number: number): void {
    if (this.#seenCount === this.#seen.length) this.#seen = larger(this.#seen, this.#seenCount)
    this.#seen[this.#seenCount] = number
    this.#seenCount += 1
  }
}

/** The same with room for a place, and as much again. */
function larger(numbers: Uint32Array<ArrayBuffer>, place: number): Uint32Array<ArrayBuffer> {
  const roomy = new Uint32Array(2 * (place + 1))
  roomy.set(numbers)
  return roomy
}
