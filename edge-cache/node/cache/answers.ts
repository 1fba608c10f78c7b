import { createHash, randomBytes } from 'node:crypto'
import { after, isPromise, when, type Later } from '../../../subgraphs/shared/soon.ts'
import { jsonOf } from '../compile/json-text.ts'
import { lacks } from '../pass-through/pass-through.ts'
import type { Answer, Executor } from '../serve/execute.ts'
import type { PreparedOperation } from '../serve/documents.ts'
import type { Freshness } from '../serve/freshness.ts'
import type { ByteCache, KeptAnswer } from './byte-cache.ts'
import type { Caller } from '../../../runtime/identity/caller.ts'
import { answerKey } from './key.ts'
import type { Moves } from './moves.ts'
import { ReadSlots } from './read-slots.ts'

/** An answer to send. */
export interface ReadyAnswer extends KeptAnswer {
  /** Of the cut it was read at; null for one that holds at the newest. */
  readonly edge: Freshness | null
}

export interface Asked {
  readonly operation: PreparedOperation
  readonly variables: Readonly<Record<string, unknown>>
  readonly caller: Caller
  /** The request's own text, by which its answer is found without reading it from the second time on; null where there is none worth keeping. */
  readonly alias: string | null
}

/** What is being executed, and the clock before it read. */
interface Fill {
  readonly since: number
  readonly answer: PromiseLike<ReadyAnswer>
}

/** Answers from bytes where they hold, else by execution; what is asked for twice at once is executed once. */
export class Answers {
  readonly #cache: ByteCache
  readonly #moves: Moves
  readonly #executor: Executor
  readonly #version: string
  readonly #fills = new Map<string, Fill>()

  /**
   * @param manifestVersion of the operations: other texts may have the same ids only in another manifest
   */
  constructor({ cache, moves, executor, manifestVersion }: { readonly cache: ByteCache; readonly moves: Moves; readonly executor: Executor; readonly manifestVersion: string }) {
    this.#cache = cache
    this.#moves = moves
    this.#executor = executor
    // The clock of moves begins anew with each process, and so does what pending writes lie over: no other process' tags match.
    this.#version = `${manifestVersion}.${randomBytes(6).toString('base64url')}`
  }

  /** What was asked with this very text, if its answer is ready. */
  find(alias: string): KeptAnswer | null {
    return this.#cache.find(alias)
  }

  /** At once where it is ready, or made at once. @throws AisleError NOT_READY, NODE_BUSY, BAD_USER_INPUT, or breaks with it */
  answer(asked: Asked): Later<ReadyAnswer> {
    const { operation, variables, caller, alias } = asked
    if (operation.type !== 'query') return after(this.#executor.run(operation, variables, caller), unkept)
    const key = answerKey(operation.id, operation.variableNames, variables, caller)
    const kept = this.#cache.get(key, alias)
    if (kept !== null) return { bytes: kept.bytes, etag: kept.etag, lacks: kept.lacks, edge: null }
    // Who asks after something has happened must see it: an execution that began before may not show it.
    const under = this.#fills.get(key)
    if (under !== undefined && under.since === this.#moves.clock) return under.answer
    const since = this.#moves.clock
    this.#cache.counts.misses += 1
    const reads = new ReadSlots()
    const answer = after(this.#executor.run(operation, variables, caller, reads), (made) => this.#keep(key, asked, since, reads, made))
    if (!isPromise(answer)) return answer
    const fill: Fill = { since, answer }
    this.#fills.set(key, fill)
    const end = (): void => {
      if (this.#fills.get(key) === fill) this.#fills.delete(key)
    }
    when(answer, end, end)
    return answer
  }

  #keep(key: string, { caller }: Asked, since: number, reads: ReadSlots, answer: Answer): ReadyAnswer {
    if (!reads.keepable || !answer.keepable) return unkept(answer)
    const slots = reads.slots()
    const version = this.#moves.newest(slots)
    const rights = caller.rights === '' ? '' : `.${digest(caller.rights)}`
    const bytes = bytesOf(answer)
    const lacking = lacks(answer.errors)
    const etag = `W/"${this.#version}.${version.toString(36)}${rights}"`
    const kept = this.#cache.put({ bytes, lacks: lacking, etag, key, slots, since, version }, null)
    // Not kept since something moved, its tag would say of the old what belongs to the new.
    if (!kept && version > since) return unkept(answer)
    // Nothing at all has happened since: it holds as what is ready does.
    return { bytes, lacks: lacking, etag, edge: this.#moves.clock === since ? null : answer.edge }
  }
}

/** An answer for this request alone. */
export function unkept(answer: Answer): ReadyAnswer {
  const bytes = bytesOf(answer)
  return { bytes, etag: digestTag(bytes), lacks: lacks(answer.errors), edge: answer.edge }
}

/** The tag of bytes that nothing but themselves tell apart. */
export function digestTag(bytes: string): string {
  return `W/"${digest(bytes)}"`
}

/** UTF-8, one character a byte; the object stays open for the extensions. */
function bytesOf({ data, errors }: Answer): string {
  const text = `{"data":${jsonOf(data)}${errors.length === 0 ? '' : `,"errors":${JSON.stringify(errors)}`}`
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1')
}

function digest(text: string): string {
  return createHash('sha1').update(text, 'latin1').digest('base64url')
}
