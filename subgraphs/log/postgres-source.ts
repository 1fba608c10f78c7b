import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { Gate } from '../../runtime/gate.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import { pause } from './backoff.ts'
import { LogSignal } from './log-signal.ts'
import { mostChanges } from './read-changes.ts'
import { rangesOf } from './read-ranges.ts'
import { SnapshotReader } from './read-snapshot.ts'
import { SharedReads } from './shared-reads.ts'
import type { ChangesPage, LogSource, SnapshotRows } from './source.ts'
import { LogTail } from './tail.ts'

export interface PostgresSource extends LogSource, AsyncDisposable {
  /** How many requests wait for a change at this moment. */
  readonly waiting: number
  /** How many wait for their turn to get what they missed. */
  readonly catchUpsWaiting: number
  /** How many wait for their turn to take a copy. */
  readonly copiesWaiting: number
}

const defaultLimit = 1_000
/** How old, in milliseconds, the head may be that is told to who waited in vain. */
const sameAnswerMs = 50

/** Waits that end within so many milliseconds and bring nothing, one after the other, are followed by a pause. */
const fruitlessMs = 5
const idleMs = 100

/** Who is let in, each kind by itself. Whoever follows the log at its head goes through none of them. */
export interface LogGates {
  /** Who was away and is answered from memory: one in each turn of the event loop, so that all that has come meanwhile goes first. */
  readonly returns?: Gate
  /** Who needs the database for older changes. */
  readonly changes: Gate
  /** Who compares. */
  readonly copies: Gate
  /** Who takes a whole copy, until its last row has left. */
  readonly wholeCopies: Gate
}

export interface PostgresSourceOptions {
  /** Reads each new batch once, with the changes of all scopes, and answers from memory: for who serves most of the scopes. */
  readonly keepTail?: boolean
  readonly gates?: LogGates
  /** Most statements at once that read older changes. */
  readonly reads?: number
}

/** The log where it lives. One listening connection serves all who wait. */
export function createPostgresSource(storage: PostgresStorage, options: PostgresSourceOptions = {}): PostgresSource {
  const signal = new LogSignal(storage)
  return sourceOf(storage, signal, options)
}

/** The same on a signal that is shared; disposing the source disposes the signal. */
export function sourceOf(storage: PostgresStorage, logSignal: LogSignal, { keepTail = false, gates, reads = 4 }: PostgresSourceOptions = {}): PostgresSource {
  const snapshots = new SnapshotReader(storage)
  const ranges = rangesOf(snapshots)
  const older = new SharedReads(storage.pool, reads)
  const behind = through(gates?.changes)
  const copying = through(gates?.copies)
  const returning = through(gates?.returns)
  const tail = keepTail ? new LogTail(storage) : null
  return {
    get waiting() {
      return logSignal.waiting
    },
    get catchUpsWaiting() {
      return (gates?.returns?.waiting ?? 0) + (gates?.changes.waiting ?? 0)
    },
    get copiesWaiting() {
      return snapshots.waiting + (gates?.copies.waiting ?? 0) + (gates?.wholeCopies.waiting ?? 0)
    },
    ranges: {
      digests: (scopes, question) => copying(() => ranges.digests(scopes, question), question.signal, scopes.join(' ')),
      rows: (scopes, question) => copying(() => ranges.rows(scopes, question), question.signal, scopes.join(' ')),
    },
    async snapshot(scopes, { entities, signal } = {}) {
      const leave = (await gates?.wholeCopies.hold(signal, scopes.join(' '))) ?? (() => {})
      signal?.addEventListener('abort', leave)
      const left = (): void => {
        signal?.removeEventListener('abort', leave)
        leave()
      }
      try {
        const { header, chunks } = await snapshots.read(scopes, entities, signal)
        return { header, chunks: untilEnd(chunks, left) }
      } catch (error) {
        left()
        throw error
      }
    },
    async changes(scopes, after, { limit = defaultLimit, waitMs = 0, signal } = {}) {
      const until = performance.now() + waitMs
      const who = scopes.join(' ')
      const remembered = (): ChangesPage | null => tail?.page(scopes, after, Math.min(Math.max(1, limit), mostChanges)) ?? null
      const inTurn = async (): Promise<ChangesPage | null> => {
        await turnOfTheLoop()
        return remembered()
      }
      // Who waits is told of what comes, and may have heard of more than this process; who does not has to be told what is there now.
      await (waitMs > 0 ? tail?.reach(Math.max(logSignal.head, after.batch)) : tail?.fresh(0))
      let follows = waitMs > 0 && tail?.isNear(after.batch) === true
      let fruitless = 0
      for (;;) {
        signal?.throwIfAborted()
        const page = (follows || tail === null ? remembered() : await returning(inTurn, signal, who)) ?? (await behind(() => older.read({ scopes, after, limit }), signal, who))
        const left = until - performance.now()
        if (page.parts.length > 0 || page.next.batch < page.head.batch || left <= 0) return page
        follows = true
        // Anybody may notify on the channel: what is heard of and never comes must not make this loop spin.
        if (fruitless > 1) await pause(Math.min(left, idleMs), signal)
        const began = performance.now()
        await logSignal.wait(scopes, page.head.batch, left, signal)
        fruitless = performance.now() - began < fruitlessMs ? fruitless + 1 : 0
        signal?.throwIfAborted()
        // Without a word, also of an age: the same answer serves all who end their wait together.
        await (logSignal.head > page.head.batch ? tail?.reach(logSignal.head) : tail?.fresh(sameAnswerMs))
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([logSignal[Symbol.asyncDispose](), snapshots[Symbol.asyncDispose](), tail?.[Symbol.asyncDispose]()])
    },
  }
}

/** The rows, and `left` when the last of them was taken or nobody wants more. */
async function* untilEnd(chunks: AsyncIterable<SnapshotRows>, left: () => void): AsyncGenerator<SnapshotRows> {
  try {
    yield* chunks
  } finally {
    left()
  }
}

function through(gate: Gate | undefined) {
  return <Result>(work: () => Promise<Result>, signal?: AbortSignal, who?: string): Promise<Result> => (gate === undefined ? work() : gate.run(work, signal, who))
}
