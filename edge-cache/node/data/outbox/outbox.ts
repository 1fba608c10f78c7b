import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { AisleError } from '../../../../runtime/errors.ts'
import type { OutboxAnswers, OutboxReply, OutboxRequest } from './messages.ts'
import type { AppendResult, KeptOperation, LogMark, NewOperation, Settlement } from './operation.ts'
import { operationColumns, toOperation } from './schema.ts'

interface Waiter {
  resolve(answer: OutboxAnswers[keyof OutboxAnswers]): void
  reject(error: unknown): void
}

/**
 * The writes of a store that the cloud may not know yet. Written by a thread of its own; read here, where every read
 * shows only what is on the medium. The file is never deleted.
 */
export class Outbox implements AsyncDisposable {
  readonly #path: string
  readonly #reader: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #waiters = new Map<number, Waiter>()
  /** Null after a fault ended it; the next write starts another, with a new incarnation. */
  #worker: Worker | null
  #nextId = 1
  #open = 0
  #closed = false

  private constructor(path: string, worker: Worker, open: number) {
    this.#path = path
    this.#open = open
    this.#worker = this.#listen(worker)
    this.#reader = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  }

  /** Opens the outbox, and makes it where it is missing. */
  static async open(path: string): Promise<Outbox> {
    const { worker, open } = await startWorker(path)
    return new Outbox(path, worker, open)
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

  /** Writes that origin acknowledged in another epoch of the log than this one. */
  acknowledgedOutside(epoch: string): KeptOperation[] {
    return this.#read("where state <> 'pending' and mark_epoch is not ? order by seq", epoch)
  }

  /** Writes whose effect a replica that stands at `mark` cannot have from the log: unsettled ones, and those settled by what lies beyond it. */
  *beyond(mark: LogMark | null): Generator<KeptOperation> {
    const epoch = mark?.epoch ?? ''
    const settled = `select ${operationColumns} from operation where state = 'settled' and`
    const rows = this.#statement(
      `select ${operationColumns} from operation where state <> 'settled'
       union all ${settled} mark_epoch = ? and mark_batch > ? union all ${settled} mark_epoch < ? union all ${settled} mark_epoch > ?`,
    ).iterate(epoch, mark?.batch ?? 0, epoch, epoch)
    for (const row of rows) yield toOperation(row)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const worker = this.#worker
    if (worker !== null) {
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
      worker.postMessage('close', [])
      await ended
    }
    this.#reader.close()
  }

  #read(where: string, ...parameters: SQLInputValue[]): KeptOperation[] {
    return this.#statement(`select ${operationColumns} from operation ${where}`).all(...parameters).map(toOperation)
  }

  #statement(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.#reader.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }

  async #ask<Type extends OutboxRequest['type']>(_type: Type, request: OutboxRequest & { readonly type: Type }): Promise<OutboxAnswers[Type]> {
    if (this.#closed) throw new AisleError('SHUTTING_DOWN')
    const id = this.#nextId
    this.#nextId += 1
    const answer = new Promise<OutboxAnswers[keyof OutboxAnswers]>((resolve, reject) => this.#waiters.set(id, { resolve, reject }))
    this.#worker ??= this.#listen(newWorker(this.#path))
    this.#worker.postMessage({ id, request }, [])
    return (await answer) as OutboxAnswers[Type]
  }

  #listen(worker: Worker): Worker {
    worker.on('message', (reply: OutboxReply) => {
      this.#open = reply.open
      if ('ready' in reply) return
      const waiter = this.#waiters.get(reply.id)
      this.#waiters.delete(reply.id)
      if ('error' in reply) waiter?.reject(new Error(reply.error))
      else waiter?.resolve(reply.answer)
    })
    let fault: unknown = null
    worker.on('error', (error) => (fault = error))
    worker.once('exit', (code) => {
      if (this.#worker === worker) this.#worker = null
      const error = new Error(`the outbox thread ended with code ${code}`, { cause: fault })
      for (const waiter of this.#waiters.values()) waiter.reject(error)
      this.#waiters.clear()
    })
    return worker
  }
}

function newWorker(path: string): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { workerData: { path }, name: 'outbox' })
}

async function startWorker(path: string): Promise<{ worker: Worker; open: number }> {
  const worker = newWorker(path)
  const started = Promise.withResolvers<number>()
  const onMessage = ({ open }: OutboxReply): void => started.resolve(open)
  const onExit = (code: number): void => started.reject(new Error(`the outbox thread ended with code ${code} before it was ready`))
  worker.once('message', onMessage).once('error', started.reject).once('exit', onExit)
  const open = await started.promise
  worker.off('error', started.reject).off('exit', onExit)
  return { worker, open }
}
