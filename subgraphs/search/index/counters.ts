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

/** Counts small numbers; all stand at 0 between two counts. A place in it costs a fraction of one in a map. */
export class Counters {
  #counts = new Uint32Array(1024)
  readonly #seen: number[] = []

  /** @returns how often it was counted. */
  add(number: number): number {
    if (number >= this.#counts.length) this.#grow(number)
    const count = this.#counts[number] ?? 0
    if (count === 0) this.#seen.push(number)
    this.#counts[number] = count + 1
    return count + 1
  }

  /** What was counted since the last time. */
  take(): Map<number, number> {
    const taken = new Map<number, number>()
    for (const number of this.#seen) {
      taken.set(number, this.#counts[number] ?? 0)
      this.#counts[number] = 0
    }
    this.#seen.length = 0
    return taken
  }

  #grow(number: number): void {
    const larger = new Uint32Array(2 * (number + 1))
    larger.set(this.#counts)
    this.#counts = larger
  }
}
