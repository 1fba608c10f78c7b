/** Durations, kept one by one. */
export class Latencies {
  #values = new Float64Array(4_096)
  #count = 0
  #sorted = false

  get count(): number {
    return this.#count
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#count++] = value
    this.#sorted = false
  }

  /** The value that a share `q` of all does not exceed; 0 where there are none. */
  quantile(q: number): number {
    if (!this.#sorted) this.#values.subarray(0, this.#count).sort()
    this.#sorted = true
    return this.#values[Math.max(0, Math.ceil(q * this.#count) - 1)] ?? 0
  }
}
