import type { KeptAnswer } from './byte-cache.ts'
import type { Slot } from './moves.ts'

/** What is kept of an answer, under which key it is asked for. */
export interface OnceEntry extends KeptAnswer {
  readonly key: string
  readonly slots: readonly Slot[]
  readonly since: number
}

/** The places of a record's head, in numbers of 32 bits; the slots and the texts (key, tag and bytes, in one) follow it. */
const place = { length: 0, hash: 1, next: 2, key: 3, etag: 4, bytes: 5, slots: 6, lacks: 7, since: 8 }
const headBytes = 40

/** No record. */
const none = -1

/** Bytes of room for each chain of records whose hashes end alike: about two of the shortest. */
const roomAChain = 256

/**
 * Answers that were asked for once, which most are: in one piece of memory that the garbage collector never looks through, the oldest making
 * room. Their objects would live just long enough to be carried from generation to generation, which took about a sixth of a miss's processor time.
 * A record that is removed before its time stays as a gap, its length negative, until it is the oldest.
 */
export class AskedOnce {
  readonly #capacity: number
  readonly #text: Buffer
  readonly #whole: Int32Array
  readonly #instants: Float64Array
  /** The newest record of each chain. */
  readonly #chains: Int32Array
  readonly #onEvicted: () => void
  /** Where the oldest record is, and where the next is put, in bytes. */
  #oldest = 0
  #next = 0
  #used = 0
  #size = 0

  /** @param capacity in bytes @param onEvicted told of each that makes room for another */
  constructor(capacity: number, onEvicted: () => void) {
    this.#capacity = capacity - (capacity % 8)
    const memory = new ArrayBuffer(this.#capacity)
    this.#text = Buffer.from(memory)
    this.#whole = new Int32Array(memory)
    this.#instants = new Float64Array(memory)
    this.#chains = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(1, this.#capacity / roomAChain)))).fill(none)
    this.#onEvicted = onEvicted
  }

  /** Bytes in use, gaps among them. */
  get bytes(): number {
    return this.#used
  }

  get size(): number {
    return this.#size
  }

  /** Keeps an answer, in place of an earlier one; false for one that does not fit here, or whose key is not of single bytes. */
  put({ key, etag, bytes, lacks, slots, since }: OnceEntry): boolean {
    const hash = hashOf(key)
    if (hash === none) return false
    const known = this.#find(key, hash)
    if (known !== none) this.#remove(known)
    const texts = headBytes + 4 * slots.length
    const length = Math.ceil((texts + key.length + etag.length + bytes.length) / 8) * 8
    const at = this.#room(length)
    if (at === none) return false
    const whole = this.#whole
    const head = at / 4
    const chain = hash & (this.#chains.length - 1)
    whole[head + place.length] = length
    whole[head + place.hash] = hash
    whole[head + place.next] = this.#chains[chain] as number
    whole[head + place.key] = key.length
    whole[head + place.etag] = etag.length
    whole[head + place.bytes] = bytes.length
    whole[head + place.slots] = slots.length
    whole[head + place.lacks] = lacks ? 1 : 0
    this.#instants[(head + place.since) / 2] = since
    for (let nth = 0; nth < slots.length; nth += 1) whole[(at + headBytes) / 4 + nth] = slots[nth] as number
    this.#text.write(key + etag + bytes, at + texts, 'latin1')
    this.#chains[chain] = at
    this.#size += 1
    return true
  }

  /** The answer that is kept under a key, which is kept here no longer. */
  take(key: string): OnceEntry | null {
    const at = this.#size === 0 ? none : this.#find(key, hashOf(key))
    if (at === none) return null
    const whole = this.#whole
    const head = at / 4
    const slots = [...whole.subarray((at + headBytes) / 4, (at + headBytes) / 4 + (whole[head + place.slots] as number))]
    const etagAt = at + headBytes + 4 * slots.length + key.length
    const bytesAt = etagAt + (whole[head + place.etag] as number)
    const taken = {
      key,
      etag: this.#text.toString('latin1', etagAt, bytesAt),
      bytes: this.#text.toString('latin1', bytesAt, bytesAt + (whole[head + place.bytes] as number)),
      lacks: whole[head + place.lacks] === 1,
      slots,
      since: this.#instants[(head + place.since) / 2] as number,
    }
    this.#remove(at)
    return taken
  }

  /** Keeps nothing under a key any more. */
  forget(key: string): void {
    const at = this.#size === 0 ? none : this.#find(key, hashOf(key))
    if (at !== none) this.#remove(at)
  }

  /** Newest first. */
  keys(): string[] {
    const keys: string[] = []
    for (let at = this.#oldest, seen = 0; seen < this.#used; ) {
      const length = this.#whole[at / 4] as number
      if (length > 0) keys.push(this.#key(at))
      seen += Math.abs(length)
      at = this.#after(at)
    }
    return keys.toReversed()
  }

  #key(at: number): string {
    const head = at / 4
    const from = at + headBytes + 4 * (this.#whole[head + place.slots] as number)
    return this.#text.toString('latin1', from, from + (this.#whole[head + place.key] as number))
  }

  #find(key: string, hash: number): number {
    if (hash === none) return none
    const whole = this.#whole
    for (let at = this.#chains[hash & (this.#chains.length - 1)] as number; at !== none; at = whole[at / 4 + place.next] as number) {
      if (whole[at / 4 + place.hash] === hash && whole[at / 4 + place.key] === key.length && this.#key(at) === key) return at
    }
    return none
  }

  /** Where so many bytes have room, once the oldest have made it. */
  #room(length: number): number {
    if (length > this.#capacity) return none
    for (;;) {
      if (this.#used === 0) this.#oldest = this.#next = 0
      const toEnd = this.#capacity - this.#next
      const skipped = length > toEnd ? toEnd : 0
      if (this.#used + skipped + length > this.#capacity) {
        this.#evict()
        continue
      }
      if (skipped > 0) this.#whole[this.#next / 4] = -skipped
      const at = skipped > 0 ? 0 : this.#next
      this.#next = at + length === this.#capacity ? 0 : at + length
      this.#used += skipped + length
      return at
    }
  }

  #evict(): void {
    const at = this.#oldest
    this.#onEvicted()
    this.#remove(at)
  }

  /** Makes a gap of a record, and room of the gaps that are the oldest. */
  #remove(removed: number): void {
    const whole = this.#whole
    const chain = (whole[removed / 4 + place.hash] as number) & (this.#chains.length - 1)
    const next = whole[removed / 4 + place.next] as number
    let at = this.#chains[chain] as number
    if (at === removed) this.#chains[chain] = next
    else {
      while (whole[at / 4 + place.next] !== removed) at = whole[at / 4 + place.next] as number
      whole[at / 4 + place.next] = next
    }
    whole[removed / 4] = -(whole[removed / 4] as number)
    this.#size -= 1
    while (this.#used > 0 && (whole[this.#oldest / 4] as number) < 0) {
      this.#used += whole[this.#oldest / 4] as number
      this.#oldest = this.#after(this.#oldest)
    }
  }

  #after(at: number): number {
    const next = at + Math.abs(this.#whole[at / 4] as number)
    return next === this.#capacity ? 0 : next
  }
}

/** By FNV-1a (31 bits); `none` for a text that is not of single bytes. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  let wide = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    wide |= code
    hash = Math.imul(hash ^ code, 0x01000193)
  }
  return wide > 0xff ? none : (hash ^ (hash >>> 15)) & 0x7fffffff
}
