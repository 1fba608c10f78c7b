import { AskedOnce } from './asked-once.ts'
import type { Moves, Slot } from './moves.ts'

/** An answer's bytes, up to what is appended when it is sent. */
export interface KeptAnswer {
  /** The UTF-8 bytes of `{"data":…` and `"errors"`, one character each: Node writes such a text with the head in one piece. */
  readonly bytes: string
  readonly etag: string
  /** Something in it only the gateway could tell: the node's part of an answer. */
  readonly lacks: boolean
}

export interface NewEntry extends KeptAnswer {
  readonly key: string
  /** What was read. */
  readonly slots: readonly Slot[]
  /** The clock of `Moves` before the read. */
  readonly since: number
  /** The clock at the last move of what was read. */
  readonly version: number
}

class Entry implements KeptAnswer {
  readonly key: string
  readonly bytes: string
  readonly etag: string
  readonly lacks: boolean
  readonly slots: readonly Slot[]
  readonly since: number
  /** The clock up to which it is known to hold. */
  holds: number
  /** The texts by which it is found; null until it is asked for again. */
  aliases: string[] | null = null
  size: number
  newer: Entry | null = null
  older: Entry | null = null

  constructor({ key, bytes, etag, lacks, slots, since }: Omit<NewEntry, 'version'>, holds: number, size: number) {
    this.key = key
    this.bytes = bytes
    this.etag = etag
    this.lacks = lacks
    this.slots = slots
    this.since = since
    this.holds = holds
    this.size = size
  }
}

/** Bytes an entry costs beside its texts: objects, places in two maps. Measured, rounded up. */
const entryOverhead = 400
const aliasOverhead = 100
/** The same answer asked for in more ways than these is looked up by its key. */
const mostAliases = 4

export interface ByteCacheCounts {
  hits: number
  misses: number
  /** Fills that were not kept because what they read moved meanwhile. */
  discarded: number
  /** Entries that made room for others. */
  evictions: number
  /** Entries found out of date. */
  stale: number
}

/** The part of the limit that answers may take that were asked for once. */
const onceShare = 1 / 3

/**
 * Ready answers by what was asked, the least recently used leaving first, bounded by `limit` bytes. What was asked for once lies apart until it
 * is asked for again: however many ask for what nobody asks for twice, they do not push out what many ask for.
 */
export class ByteCache {
  readonly #moves: Moves
  readonly #limit: number
  readonly #byKey = new Map<string, Entry>()
  readonly #byAlias = new Map<string, Entry>()
  readonly #once: AskedOnce
  #newest: Entry | null = null
  #oldest: Entry | null = null
  #bytes = 0
  readonly counts: ByteCacheCounts = { hits: 0, misses: 0, discarded: 0, evictions: 0, stale: 0 }

  constructor(moves: Moves, limit: number) {
    this.#moves = moves
    this.#limit = limit
    this.#once = new AskedOnce(limit * onceShare, () => {
      this.counts.evictions += 1
    })
  }

  /** Bytes of memory in use, by account. */
  get bytes(): number {
    return this.#bytes + this.#once.bytes
  }

  get size(): number {
    return this.#byKey.size + this.#once.size
  }

  /** The answer to a request by its text, if that text was seen before and its answer still holds. */
  find(alias: string): KeptAnswer | null {
    const entry = this.#byAlias.get(alias)
    return entry === undefined ? null : this.#use(entry)
  }

  /** The answer by its key, if it still holds; `alias` finds it from now on. */
  get(key: string, alias: string | null): KeptAnswer | null {
    const entry = this.#byKey.get(key) ?? this.#askedAgain(key)
    if (entry === null) return null
    const answer = this.#use(entry)
    if (answer !== null && alias !== null) this.#addAlias(entry, alias)
    return answer
  }

  /** Keeps an answer unless what it was made of moved meanwhile, or it is too big for its worth. */
  put(added: NewEntry, alias: string | null): boolean {
    if (added.version > added.since) {
      this.counts.discarded += 1
      return false
    }
    const known = this.#byKey.get(added.key)
    if (known !== undefined) this.#remove(known)
    const size = sizeOf(added)
    // One answer must not push out all the others.
    const fits = size <= this.#limit / 8
    if (!fits || alias !== null || !this.#once.put(added)) {
      this.#once.forget(added.key)
      if (!fits) return false
      const entry = this.#add(added, this.#moves.clock, size)
      if (alias !== null) this.#addAlias(entry, alias)
    }
    this.#makeRoom()
    return true
  }

  /** The keys of what was asked for most recently, newest first, and what was asked for again before what was not. */
  keys(): string[] {
    const keys: string[] = []
    for (let entry = this.#newest; entry !== null; entry = entry.older) keys.push(entry.key)
    return [...keys, ...this.#once.keys()]
  }

  /** From now on it is among those that are found by the request's text. */
  #askedAgain(key: string): Entry | null {
    const answer = this.#once.take(key)
    if (answer === null) return null
    const entry = this.#add(answer, answer.since, sizeOf(answer))
    this.#makeRoom()
    return entry
  }

  #add(answer: Omit<NewEntry, 'version'>, holds: number, size: number): Entry {
    const entry = new Entry(answer, holds, size)
    this.#byKey.set(entry.key, entry)
    this.#bytes += size
    this.#putNewest(entry)
    return entry
  }

  #use(entry: Entry): KeptAnswer | null {
    const { clock } = this.#moves
    if (entry.holds !== clock) {
      if (this.#moves.newest(entry.slots) > entry.since) {
        this.counts.stale += 1
        this.#remove(entry)
        return null
      }
      entry.holds = clock
    }
    this.counts.hits += 1
    if (entry !== this.#newest) {
      this.#unlink(entry)
      this.#putNewest(entry)
    }
    return entry
  }

  #addAlias(entry: Entry, alias: string): void {
    const known = this.#byAlias.get(alias)
    const aliases = (entry.aliases ??= [])
    if (known === entry || aliases.length >= mostAliases) return
    // The same text from now on has another key: it can only be an entry on its way out.
    if (known !== undefined) this.#remove(known)
    aliases.push(alias)
    this.#byAlias.set(alias, entry)
    const size = alias.length + aliasOverhead
    entry.size += size
    this.#bytes += size
    this.#makeRoom()
  }

  #makeRoom(): void {
    while (this.bytes > this.#limit && this.#oldest !== null) {
      this.counts.evictions += 1
      this.#remove(this.#oldest)
    }
  }

  #remove(entry: Entry): void {
    if (this.#byKey.get(entry.key) !== entry) return
    this.#byKey.delete(entry.key)
    if (entry.aliases !== null) for (const alias of entry.aliases) this.#byAlias.delete(alias)
    this.#unlink(entry)
    this.#bytes -= entry.size
  }

  #putNewest(entry: Entry): void {
    entry.newer = null
    entry.older = this.#newest
    if (this.#newest !== null) this.#newest.newer = entry
    this.#newest = entry
    this.#oldest ??= entry
  }

  #unlink(entry: Entry): void {
    if (entry.newer === null) this.#newest = entry.older
    else entry.newer.older = entry.older
    if (entry.older === null) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    entry.newer = null
    entry.older = null
  }
}

/** The bytes of memory that an entry takes, by account. */
function sizeOf({ key, etag, bytes, slots }: Omit<NewEntry, 'version'>): number {
  return bytes.length + key.length + etag.length + 4 * slots.length + entryOverhead
}
