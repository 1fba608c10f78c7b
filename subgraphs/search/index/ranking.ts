/** A match with its number in the index. */
export interface Hit {
  readonly doc: number
  readonly id: string
  readonly score: number
}

/** At least so many are put in order at once: a first page and what is looked at closely. */
const leastSettled = 256

/** Documents by score, best first, ties by id. Of thousands of matches a page is looked at: the rest is put in order when it is asked for. */
export class Ranking {
  /** All of them, each once; only the first `#settled` are in order. */
  readonly docs: Uint32Array
  readonly #scores: Float64Array
  readonly #idOf: (doc: number) => string
  #settled = 0

  constructor(docs: Uint32Array, scores: Float64Array, idOf: (doc: number) => string) {
    this.docs = docs
    this.#scores = scores
    this.#idOf = idOf
  }

  get length(): number {
    return this.docs.length
  }

  /** The products of all of them, in order. */
  ids(): string[] {
    return this.slice(0, this.length).map(({ id }) => id)
  }

  slice(from: number, to: number): Hit[] {
    this.#settle(Math.min(to, this.length))
    const hits: Hit[] = []
    for (let at = Math.max(from, 0); at < Math.min(to, this.length); at += 1) hits.push(this.#hit(at))
    return hits
  }

  /** Gives the first ones other scores, all of them above those of the rest. */
  lift(scores: readonly number[]): void {
    this.#settle(scores.length)
    this.#scores.set(scores)
    this.#sort(0, scores.length)
  }

  /** Those of the documents that are kept, with their scores. @param docs documents of this ranking; `keep` is asked by the place in them */
  of(docs: Uint32Array, keep: (at: number) => boolean): Ranking {
    const kept = docs.filter((_, at) => keep(at))
    const scores = new Map(Array.from(this.docs, (doc, at) => [doc, this.#scores[at] ?? 0]))
    return new Ranking(kept, Float64Array.from(kept, (doc) => scores.get(doc) ?? 0), this.#idOf)
  }

  #hit(at: number): Hit {
    const doc = this.docs[at] ?? 0
    return { doc, id: this.#idOf(doc), score: this.#scores[at] ?? 0 }
  }

  #settle(wanted: number): void {
    if (wanted <= this.#settled) return
    const from = this.#settled
    const upTo = Math.min(this.length, Math.max(wanted, 2 * from, leastSettled))
    const least = this.#scores.slice(from).toSorted()[this.length - upTo] ?? -Infinity
    let end = from
    for (let at = from; at < this.length; at += 1) if ((this.#scores[at] ?? 0) >= least) this.#swap(at, end++)
    this.#sort(from, end)
    this.#settled = end
  }

  #sort(from: number, to: number): void {
    const hits: Hit[] = []
    for (let at = from; at < to; at += 1) hits.push(this.#hit(at))
    hits.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    for (const [place, { doc, score }] of hits.entries()) {
      this.docs[from + place] = doc
      this.#scores[from + place] = score
    }
  }

  #swap(a: number, b: number): void {
    const [doc, score] = [this.docs[a] ?? 0, this.#scores[a] ?? 0]
    this.docs[a] = this.docs[b] ?? 0
    this.#scores[a] = this.#scores[b] ?? 0
    this.docs[b] = doc
    this.#scores[b] = score
  }
}
