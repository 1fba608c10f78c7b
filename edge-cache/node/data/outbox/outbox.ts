import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { AisleError } from '../../../../runtime/errors.ts'
import { thisMachine, type Machine } from '../../../../runtime/machine.ts'
import { isDamage } from '../../../../subgraphs/storage/sqlite/damage.ts'
import type { OutboxAnswers, OutboxReply, OutboxRequest } from './messages.ts'
import type { AppendResult, KeptOperation, LogMark, NewOperation, Settlement } from './operation.ts'
import { rescueOutbox, type Rescue } from './rescue.ts'
import { openOutboxFile, operationColumns, toOperation } from './schema.ts'
import { startWorker, type OutboxThread, type StartOutboxThread } from './thread.ts'

interface Waiter {
  readonly worker: OutboxThread
  resolve(answer: OutboxAnswers[keyof OutboxAnswers]): void
  reject(error: unknown): void
}

export interface OutboxOptions {
  readonly path: string
  readonly storeId: string
  /** A damaged file was put aside and what it still showed was saved: what else it held is lost to this node. */
  readonly onRescue?: (rescue: Rescue) => void
  /** The disk does not let the file be opened; it is tried again with every use. */
  readonly onFault?: (error: unknown) => void
  /** Starts who writes the file: a thread of its own without it. */
  readonly startThread?: StartOutboxThread
  readonly machine?: Machine
}

/**
 * The writes of a store that the cloud may not know yet. Written by a thread of its own; read here, where every read
 * shows only what is on the medium. The file is never deleted; a damaged one is put aside.
 */
export class Outbox implements AsyncDisposable {
  readonly #options: OutboxOptions
  readonly #statements = new Map<string, StatementSync>()
  readonly #waiters = new Map<number, Waiter>()
  /** Null before the first read, and while the disk does not let the file be opened. */
  #reader: DatabaseSync | null = null
  /** Null after a fault ended it; the next write starts another, with a new incarnation. */
  #worker: OutboxThread | null = null
  /** Told when the present thread has ended. */
  #onEnd: (() => void) | null = null
  #nextId = 1
  #open = 0
  #closed = false

  /**
   * Opens the outbox, and makes it where it is missing. A disk that takes nothing does not hinder it: reading and writing raise
   * until it does.
   * @throws AisleError DIRECTORY_OF_ANOTHER_STORE, DIRECTORY_TOO_NEW
   */
  constructor(options: OutboxOptions) {
    this.#options = options
    const { path, storeId, onFault } = options
    try {
      // Read before the other connection closes, or the next would need room on the disk to begin with.
      using _writable = openOutboxFile(path, storeId)
      this.#open = this.#count()
    } catch (error) {
      if (isDamage(error)) this.#rescue()
      else if (isOfSqlite(error)) onFault?.(error)
      else throw error
    }
    // So that the first write does not wait for the thread to start.
    this.#worker = this.#start()
  }

  /** Writes whose effect has not come back through the log. */
  get depth(): number {
    return this.#open
  }

  /**
   * Keeps a write; resolves once it is on the medium.
   * @throws AisleError WRITE_NOT_KEPT
   */
  async append(operation: NewOperation): Promise<AppendResult> {
    try {
      return await this.#ask('append', { type: 'append', operation })
    } catch (error) {
      throw new AisleError('WRITE_NOT_KEPT', undefined, { cause: error })
    }
  }

  /** Remembers that origin has these. */
  async deliver(seqs: readonly number[], mark: LogMark | null): Promise<void> {
    await this.#ask('deliver', { type: 'deliver', seqs, mark })
  }

  /** Remembers what the log said of these, `mark` being the batch that said it; `at` is in epoch milliseconds. */
  async settle(settlements: readonly Settlement[], mark: LogMark, at: number): Promise<void> {
    if (settlements.length === 0) return
    await this.#ask('settle', { type: 'settle', settlements, mark, at })
  }

  /** Makes these wait for their delivery again. */
  async reopen(seqs: readonly number[]): Promise<void> {
    if (seqs.length === 0) return
    await this.#ask('reopen', { type: 'reopen', seqs })
  }

  /** Forgets what was settled before `before` (epoch milliseconds). */
  async prune(before: number): Promise<number> {
    return await this.#ask('prune', { type: 'prune', before })
  }

  find(principal: string, operationId: string): KeptOperation | null {
    return this.#read('where principal = ? and operation_id = ?', principal, operationId)[0] ?? null
  }

  byNumber(incarnation: string, n: number): KeptOperation | null {
    return this.#read('where incarnation = ? and n = ?', incarnation, n)[0] ?? null
  }

  /** Writes to deliver, oldest first, behind `after`. */
  waiting(after: number, limit: number): KeptOperation[] {
    return this.#read("where state = 'pending' and seq > ? order by seq limit ?", after, limit)
  }

  /** Writes that origin acknowledged and whose effect has not come back. */
  delivered(): KeptOperation[] {
    return this.#read("where state = 'delivered' order by seq")
  }

  /** When the newest write was received, in epoch milliseconds; null without any, or while the file can't be read. */
  lastReceivedAt(): number | null {
    try {
      const row = this.#statement('select received_at from operation order by seq desc limit 1').get()
      return row === undefined ? null : Number(row.received_at)
    } catch {
      return null
    }
  }

  /** Names of all writes that origin acknowledged, settled ones too. */
  acknowledged(): { readonly seq: number; readonly incarnation: string; readonly n: number }[] {
    return this.#rescuing(() =>
      this.#statement("select seq, incarnation, n from operation where state <> 'pending' order by seq")
        .all()
        .map((row) => ({ seq: row.seq as number, incarnation: row.incarnation as string, n: row.n as number })),
    )
  }

  /** Writes whose effect a replica that stands at `mark` cannot have from the log: unsettled ones, and those settled by what lies beyond it. */
  *beyond(mark: LogMark | null): Generator<KeptOperation> {
    const epoch = mark?.epoch ?? ''
    const settled = `select ${operationColumns} from operation where state = 'settled' and`
    try {
      const rows = this.#statement(
        `select ${operationColumns} from operation where state <> 'settled'
         union all ${settled} mark_epoch = ? and mark_batch > ? union all ${settled} mark_epoch < ? union all ${settled} mark_epoch > ?`,
      ).iterate(epoch, mark?.batch ?? 0, epoch, epoch)
      for (const row of rows) yield toOperation(row)
    } catch (error) {
      // Half of it was given already, so whoever asked begins anew.
      if (isDamage(error)) this.#rescue()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const worker = this.#worker
    if (worker !== null) {
      const ended = Promise.withResolvers<void>()
      this.#onEnd = ended.resolve
      worker.send('close')
      await ended.promise
    }
    this.#reader?.close()
    this.#reader = null
  }

  #read(where: string, ...parameters: SQLInputValue[]): KeptOperation[] {
    return this.#rescuing(() => this.#statement(`select ${operationColumns} from operation ${where}`).all(...parameters).map(toOperation))
  }

  #count(): number {
    return Number(this.#statement("select count(*) as open from operation where state <> 'settled'").get()?.open)
  }

  #statement(text: string): StatementSync {
    this.#reader ??= new DatabaseSync(this.#options.path, { readOnly: true, timeout: 5_000 })
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.#reader.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }

  #rescuing<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#rescue()
      return work()
    }
  }

  /** The damaged file goes aside, and another with what it still shows takes its place. */
  #rescue(): void {
    const { path, storeId, onRescue } = this.#options
    const worker = this.#worker
    this.#worker = null
    worker?.terminate()
    this.#statements.clear()
    this.#reader?.close()
    this.#reader = null
    const rescue = rescueOutbox(path, storeId, new Date((this.#options.machine ?? thisMachine).wallClock()))
    this.#open = this.#count()
    // Whoever waits for the old file asks the new one.
    if (worker !== null) this.#reject(worker, new OutboxDamaged())
    onRescue?.(rescue)
  }

  async #ask<Type extends OutboxRequest['type']>(_type: Type, request: OutboxRequest & { readonly type: Type }): Promise<OutboxAnswers[Type]> {
    try {
      return (await this.#send(request)) as OutboxAnswers[Type]
    } catch (error) {
      if (!(error instanceof OutboxDamaged)) throw error
      return (await this.#send(request)) as OutboxAnswers[Type]
    }
  }

  #send(request: OutboxRequest): Promise<OutboxAnswers[keyof OutboxAnswers]> {
    if (this.#closed) throw new AisleError('SHUTTING_DOWN')
    const id = this.#nextId
    this.#nextId += 1
    this.#worker ??= this.#start()
    const worker = this.#worker
    const answer = new Promise<OutboxAnswers[keyof OutboxAnswers]>((resolve, reject) => this.#waiters.set(id, { worker, resolve, reject }))
    worker.send({ id, request })
    return answer
  }

  #start(): OutboxThread {
    const { path, storeId, startThread = startWorker } = this.#options
    const worker = startThread({
      path,
      storeId,
      onReply: (reply) => this.#take(worker, reply),
      onEnd: (code, fault) => {
        const current = this.#worker === worker
        if (current) this.#worker = null
        this.#reject(worker, new Error(`the outbox thread ended with code ${code}`, { cause: fault }))
        if (current) this.#onEnd?.()
      },
    })
    return worker
  }

  #take(worker: OutboxThread, reply: OutboxReply): void {
    if (this.#worker === worker) this.#open = reply.open
    const waiter = this.#waiters.get(reply.id)
    this.#waiters.delete(reply.id)
    if (!('error' in reply)) waiter?.resolve(reply.answer)
    else waiter?.reject(reply.damaged ? this.#damaged(worker) : new Error(reply.error))
  }

  #reject(worker: OutboxThread, error: Error): void {
    for (const [id, waiter] of this.#waiters) {
      if (waiter.worker !== worker) continue
      this.#waiters.delete(id)
      waiter.reject(error)
    }
  }

  /** The writing thread found the file damaged; whoever waits for it may ask the new one. */
  #damaged(worker: OutboxThread): unknown {
    try {
      if (this.#worker === worker) this.#rescue()
      return new OutboxDamaged()
    } catch (error) {
      return error
    }
  }
}

class OutboxDamaged extends Error {
  override readonly name = 'OutboxDamaged'
  override readonly message = 'The outbox was damaged.'
}

function isOfSqlite(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error
}
