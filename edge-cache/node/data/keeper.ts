import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from '../../../runtime/log.ts'
import type { Machine } from '../../../runtime/machine.ts'
import { pause } from '../../../subgraphs/log/backoff.ts'
import type { Batch } from '../../../subgraphs/shared/changes.ts'
import { storeScope } from '../../../subgraphs/storage/entities.ts'
import { isDamage } from '../../../subgraphs/storage/sqlite/damage.ts'
import type { AppliedBatch, Replica } from '../../../subgraphs/storage/sqlite/replica.ts'
import type { AppendResult, KeptOperation, NewOperation, Settlement } from './outbox/operation.ts'
import type { Outbox } from './outbox/outbox.ts'
import { numberRanges } from './number-ranges.ts'
import type { Overlay } from './overlay/overlay.ts'
import type { OverlayStatements } from './overlay/statements.ts'
import { Publisher } from './published.ts'
import type { ReaderPool } from './readers.ts'
import { ReplicaWriter } from './replica-writer.ts'

/** How soon outbox and replica are brought in line again after something failed between them, in milliseconds. */
const reconcileAfterMs = 1_000

/** How long a settled write is remembered for who repeats it, in milliseconds. */
export const settledRetentionMs = 30 * 24 * 60 * 60 * 1000
const pruneEveryMs = 60 * 60 * 1000

/** How often it is looked for acknowledged writes whose effect does not come back, in milliseconds. */
const awaitEveryMs = 60_000

/** How long a write waits for the end of a batch before it is acknowledged without being in sight, and how often it looks; in milliseconds. */
const longestIdleWaitMs = 2_000
const idleLookMs = 5

export interface KeeperOptions {
  readonly storeId: string
  readonly replica: Replica
  readonly outbox: Outbox
  readonly overlay: Overlay
  readonly readers: ReaderPool
  readonly log: Logger
  readonly publish: (batch: Batch) => void
  /** Subscribers have missed something: they must ask anew. */
  readonly interrupt: () => void
  /** Whether anybody is there to be told. */
  readonly listening: () => boolean
  /** So many acknowledged writes are lost. */
  readonly onLost: (writes: number) => void
  /** There is something to deliver. */
  readonly onWaiting: () => void
  /** The cloud has a write of this store that this node did not keep. */
  readonly onStranger: () => void
  /** The cloud's clock in epoch milliseconds. */
  readonly cloudNow: () => number
  readonly machine: Machine
}

/** What a kept write answers, and whether it was kept before. */
export type Kept<Answer> = Exclude<AppendResult, { status: 'kept' }> | { readonly status: 'pending'; readonly answer: Answer }

/** What a write answers, from the overlay; `laid` is false where the write itself could not be laid there yet. */
export type AnswerMaker<Answer> = (statements: OverlayStatements, laid: boolean) => Answer

/** Keeps outbox and replica in line: what is pending lies over the replica, what the log settled is remembered as settled. */
export class Keeper implements Disposable {
  readonly #options: KeeperOptions
  readonly #writer: ReplicaWriter
  readonly #publisher: Publisher
  readonly #scope: string
  #pruning: Disposable
  #reconciling: Disposable | null = null
  #awaiting: Disposable
  /** Writes that waited for their effect at an instant of the cloud's clock. */
  #awaited: { readonly seqs: ReadonlySet<number>; readonly at: number } | null = null
  /** What the cloud acknowledged has not been compared with the copy since that came, or since the start. */
  #unchecked = true
  readonly #strangers = new Set<string>()
  #closed = false

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#writer = new ReplicaWriter(options.replica)
    this.#publisher = new Publisher(options.storeId, options.outbox)
    this.#scope = storeScope(options.storeId)
    this.#pruning = this.#pruneLater()
    this.#awaiting = this.#awaitLater()
  }

  /**
   * Keeps a write and lays it over the replica. `answer` is asked in the transaction that lays it there, and gives the same
   * when the write is repeated while it is pending.
   * @throws AisleError WRITE_NOT_KEPT
   */
  async keep<Answer>(offered: NewOperation, answer: AnswerMaker<Answer>): Promise<Kept<Answer>> {
    const { outbox, onWaiting } = this.#options
    let result: AppendResult
    try {
      result = await outbox.append(offered)
    } catch (error) {
      // It may have reached the medium all the same.
      this.#reconcileSoon()
      throw error
    }
    if (result.status === 'reused' || (result.status === 'known' && result.operation.state === 'settled')) return result
    const { operation } = result
    await this.#idle()
    const given = this.#lay(operation, answer)
    if (result.status === 'kept') {
      onWaiting()
      this.#tellOf(operation)
    }
    return { status: 'pending', answer: given }
  }

  /** Batches of the log have become visible. */
  applied(batches: readonly AppliedBatch[]): void {
    for (const batch of batches) this.#tell((connection) => this.#publisher.ofBatch(connection, batch))
    const settlements = batches.flatMap(({ changes }) => changes.flatMap(({ entity, op, row }) => (entity === 'edge_operation' && op === 'put' && row !== null ? [toSettlement(row)] : [])))
    const state = this.#options.replica.state()
    if (settlements.length === 0 || state === null) return
    this.#noticeStrangers(settlements)
    this.#options.outbox.settle(settlements, state.position, state.asOf).catch((error: unknown) => this.#fault(error, 'writes could not be marked as settled'))
  }

  /** A fresh copy has taken the replica's place. */
  copied(): void {
    this.reconcile(true).catch((error: unknown) => this.#fault(error, 'outbox and the fresh copy could not be brought in line'))
  }

  /**
   * Brings both in line after a start, and offers again what was acknowledged without its effect having come back. A disk that
   * takes nothing does not keep a node from serving: it is tried again.
   */
  async start(): Promise<void> {
    try {
      await this.#align()
    } catch (error) {
      if (!isDamage(error)) return this.#fault(error, 'outbox and replica could not be brought in line')
      // The file it was found in has been put aside.
      await this.#align().catch((again: unknown) => this.#fault(again, 'outbox and replica could not be brought in line'))
    }
  }

  async #align(): Promise<void> {
    const { outbox } = this.#options
    this.sync()
    await outbox.reopen(outbox.delivered().map(({ seq }) => seq))
    await this.reconcile(true)
  }

  /** Lays what is pending over the replica anew. What lay there and is in no outbox any more was lost, and is reported. */
  sync(): void {
    const { overlay, outbox, log, onLost, interrupt } = this.#options
    const { dropped, changed } = this.#writer.transact((connection) => {
      const changes = connection.prepare('select total_changes() as made')
      const before = changes.get()?.made
      return { dropped: overlay.sync(connection), changed: changes.get()?.made !== before }
    })
    // What is shown now has not been told.
    if (changed) interrupt()
    const lost = dropped.filter(({ incarnation, n }) => outbox.byNumber(incarnation, n) === null)
    if (lost.length === 0) return
    log.error({ writes: lost.length, lost: numberRanges(lost) }, 'writes that were acknowledged are lost: the outbox no longer has them, and the cloud has not said that it does')
    onLost(lost.length)
  }

  /**
   * Settles what the replica already shows the outcome of: after a start, after a fresh copy, and after a fault. With
   * `acknowledged` it also delivers again what the cloud acknowledged and no longer has: it was taken back to an earlier state.
   * Where it has it after all, delivering again changes nothing.
   */
  async reconcile(acknowledged = false): Promise<void> {
    if (this.#options.replica.position() === null) return
    const check = acknowledged || this.#unchecked
    this.#unchecked = false
    try {
      await this.#reconcile(check)
    } catch (error) {
      // On a full disk, say: it is still to be done when this is tried again.
      this.#unchecked ||= check
      throw error
    }
    this.sync()
  }

  async #reconcile(acknowledged: boolean): Promise<void> {
    const { outbox, replica, storeId, onWaiting } = this.#options
    await this.#idle()
    const state = replica.state()
    const position = state?.position ?? null
    const settlements: Settlement[] = []
    const lost: number[] = []
    this.#writer.transact((connection) => {
      const find = connection.prepare('select incarnation, n, outcome from edge_operation where store_id = ? and incarnation = ? and n = ?')
      for (const operation of outbox.beyond(position)) {
        const row = find.get(storeId, operation.incarnation, operation.n)
        if (row !== undefined) settlements.push(toSettlement(row))
      }
      if (!acknowledged) return
      for (const { seq, incarnation, n } of outbox.acknowledged()) if (find.get(storeId, incarnation, n) === undefined) lost.push(seq)
    })
    if (state !== null) await outbox.settle(settlements, state.position, state.asOf)
    if (lost.length === 0) return
    this.#options.log.warn({ operations: lost.length, epoch: position?.epoch }, 'the copy lacks writes that the cloud had acknowledged; they are delivered again')
    await outbox.reopen(lost)
    // What the log brought meanwhile was settled before, and is so no longer: it comes no second time.
    this.#reconcileSoon()
    onWaiting()
  }

  /** The outbox was damaged and saved as far as it could be. */
  rescued(): void {
    this.#reconcileSoon(0)
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#pruning[Symbol.dispose]()
    this.#awaiting[Symbol.dispose]()
    this.#reconciling?.[Symbol.dispose]()
    this.#writer[Symbol.dispose]()
  }

  /** A long batch has pauses in which nothing can be laid over the replica: a write waits for its end, though not for ever. */
  async #idle(): Promise<void> {
    const { replica, machine } = this.#options
    for (const until = machine.monotonic() + longestIdleWaitMs; replica.busy && machine.monotonic() < until; ) await pause(idleLookMs, undefined, machine)
  }

  #lay<Answer>(operation: KeptOperation, answer: AnswerMaker<Answer>): Answer {
    const { overlay, storeId, readers } = this.#options
    try {
      return this.#writer.transact((connection) => {
        const statements = overlay.on(connection)
        statements.add(storeId, operation)
        return statements.answer(operation.seq, () => answer(statements, true)) as Answer
      })
    } catch (error) {
      // The write is kept, and that alone counts; it is shown as soon as the replica takes it, and then subscribers ask anew.
      this.#fault(error, 'a kept write could not be laid over the replica')
      return readers.peek((connection) => answer(overlay.on(connection), false))
    }
  }

  #tell(make: (connection: DatabaseSync, place: { number: number; position: number }) => Batch): void {
    const { readers, replica, publish, listening } = this.#options
    if (!listening()) return
    const place = { number: replica.position()?.batch ?? 0, position: replica.positions()[this.#scope] ?? 0 }
    const batch = readers.peek((connection) => make(connection, place))
    if (batch.changes.length > 0) publish(batch)
  }

  #tellOf(operation: KeptOperation): void {
    try {
      this.#tell((connection, place) => this.#publisher.ofWrite(connection, operation, place))
    } catch (error) {
      this.#options.log.error({ err: error }, 'subscribers could not be told of a kept write')
      this.#options.interrupt()
    }
  }

  /** A write of this store that this node did not keep is another's: a twin's, or this node's own before its disk was taken back. */
  #noticeStrangers(settlements: readonly Settlement[]): void {
    for (const { incarnation, n } of settlements) {
      if (this.#options.outbox.byNumber(incarnation, n) !== null) continue
      this.#options.onStranger()
      if (this.#strangers.has(incarnation)) continue
      this.#strangers.add(incarnation)
      this.#options.log.warn({ incarnation, n }, 'the cloud has writes of this store that this node did not keep: another node writes for it, or this disk was taken back')
    }
  }

  #fault(error: unknown, text: string): void {
    if (this.#closed) return
    this.#options.log.error({ err: error }, text)
    this.#reconcileSoon()
  }

  #reconcileSoon(ms = reconcileAfterMs): void {
    if (this.#closed || this.#reconciling !== null) return
    this.#reconciling = this.#options.machine.after(ms, () => {
      this.#reconciling = null
      this.reconcile().then(this.#options.onWaiting, (error: unknown) => this.#fault(error, 'outbox and replica could not be brought in line'))
    })
  }

  #pruneLater(): Disposable {
    return this.#options.machine.after(pruneEveryMs, () => void this.#prune())
  }

  #awaitLater(): Disposable {
    return this.#options.machine.after(awaitEveryMs, () => void this.#lookForAwaited().catch((error: unknown) => this.#fault(error, 'acknowledged writes could not be looked for')))
  }

  /**
   * A cloud that was taken back to no earlier than where the copy stands shows in nothing but this: what it acknowledged before does not come,
   * although the copy is as of a later instant.
   */
  async #lookForAwaited(): Promise<void> {
    this.#awaiting = this.#awaitLater()
    const { outbox, replica, cloudNow } = this.#options
    const before = this.#awaited
    if (before !== null && (replica.state()?.asOf ?? 0) <= before.at) return
    const seqs = new Set(outbox.depth === 0 ? [] : outbox.delivered().map(({ seq }) => seq))
    this.#awaited = { seqs, at: cloudNow() }
    if (before !== null && !before.seqs.isDisjointFrom(seqs)) await this.reconcile(true)
  }

  /** By what the copy is as of, never by this machine's clock: one that is put right would make everything old at once, which the cloud may yet want again. */
  async #prune(): Promise<void> {
    this.#pruning = this.#pruneLater()
    const { outbox, replica } = this.#options
    try {
      await outbox.prune((replica.state()?.asOf ?? 0) - settledRetentionMs)
    } catch (error) {
      this.#options.log.warn({ err: error }, 'settled writes could not be pruned')
    }
  }
}

function toSettlement(row: Readonly<Record<string, unknown>>): Settlement {
  return { incarnation: String(row.incarnation), n: Number(row.n), outcome: String(row.outcome) }
}
