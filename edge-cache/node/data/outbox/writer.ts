import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { OutboxAnswers, OutboxRequest } from './messages.ts'
import type { AppendResult, LogMark, NewOperation, Settlement } from './operation.ts'
import { operationColumns, toOperation } from './schema.ts'

/** The one writer of an outbox: every call of `commit` is one transaction for all the requests it is given. */
export class OutboxWriter {
  readonly #connection: DatabaseSync
  readonly #mint: () => string
  #incarnation: string
  #lastN = 0
  #open: number

  /** @param mint gives an incarnation that nobody had before. */
  constructor(connection: DatabaseSync, mint: () => string = randomUUID) {
    this.#mint = mint
    this.#incarnation = mint()
    this.#connection = connection
    this.#open = this.#countOpen()
  }

  /** Writes whose effect has not come back through the log. */
  get open(): number {
    return this.#open
  }

  /** The answers in the order of the requests, all on the medium; or an error, and nothing of them counts as done. */
  commit(requests: readonly OutboxRequest[]): OutboxAnswers[keyof OutboxAnswers][] {
    try {
      this.#connection.exec('begin immediate')
      const answers = requests.map((request) => this.#run(request))
      this.#connection.exec('commit')
      return answers
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.exec('rollback')
      // A commit that failed may still have reached the medium: its numbers are never used again.
      this.#incarnation = this.#mint()
      this.#lastN = 0
      this.#open = this.#countOpen()
      throw error
    }
  }

  #run(request: OutboxRequest): OutboxAnswers[keyof OutboxAnswers] {
    switch (request.type) {
      case 'append':
        return this.#append(request.operation)
      case 'deliver':
        return this.#deliver(request.seqs, request.mark)
      case 'settle':
        return this.#settle(request.settlements, request.mark, request.at)
      case 'reopen':
        return this.#reopen(request.seqs)
      case 'prune':
        return this.#changes("delete from operation where state = 'settled' and settled_at < ?", request.before)
    }
  }

  #append(operation: NewOperation): AppendResult {
    const known = this.#connection
      .prepare(`select ${operationColumns} from operation where principal = ? and operation_id = ?`)
      .get(operation.principal, operation.operationId)
    if (known !== undefined) {
      const kept = toOperation(known)
      return kept.hash === operation.hash ? { status: 'known', operation: kept } : { status: 'reused' }
    }
    const n = this.#lastN + 1
    const { lastInsertRowid } = this.#connection
      .prepare('insert into operation (incarnation, n, principal, operation_id, kind, payload, hash, received_at) values (?, ?, ?, ?, ?, ?, ?, ?)')
      .run(this.#incarnation, n, operation.principal, operation.operationId, operation.kind, operation.payload, operation.hash, operation.receivedAt)
    this.#lastN = n
    this.#open += 1
    return { status: 'kept', operation: { ...operation, seq: Number(lastInsertRowid), incarnation: this.#incarnation, n, state: 'pending', outcome: null } }
  }

  #deliver(seqs: readonly number[], mark: LogMark | null): number {
    return this.#changes(
      "update operation set state = 'delivered', mark_epoch = ?, mark_batch = ? where state = 'pending' and seq in (select value from json_each(?))",
      mark?.epoch ?? null,
      mark?.batch ?? null,
      JSON.stringify(seqs),
    )
  }

  #settle(settlements: readonly Settlement[], mark: LogMark, at: number): number {
    const settle = this.#connection.prepare(
      "update operation set state = 'settled', outcome = ?, mark_epoch = ?, mark_batch = ?, settled_at = ? where incarnation = ? and n = ? and state <> 'settled'",
    )
    const remark = this.#connection.prepare(
      "update operation set outcome = ?, mark_epoch = ?, mark_batch = ? where incarnation = ? and n = ? and state = 'settled' and mark_epoch is not ?",
    )
    let settled = 0
    for (const { incarnation, n, outcome } of settlements) {
      settled += Number(settle.run(outcome, mark.epoch, mark.batch, at, incarnation, n).changes)
      remark.run(outcome, mark.epoch, mark.batch, incarnation, n, mark.epoch)
    }
    this.#open -= settled
    return settled
  }

  #reopen(seqs: readonly number[]): number {
    const list = JSON.stringify(seqs)
    const clear = "update operation set state = 'pending', outcome = null, mark_epoch = null, mark_batch = null, settled_at = null where state = ? and seq in (select value from json_each(?))"
    const settled = this.#changes(clear, 'settled', list)
    this.#open += settled
    return settled + this.#changes(clear, 'delivered', list)
  }

  #countOpen(): number {
    return Number(this.#connection.prepare("select count(*) as open from operation where state <> 'settled'").get()?.open)
  }

  #changes(text: string, ...parameters: (string | number | null)[]): number {
    return Number(this.#connection.prepare(text).run(...parameters).changes)
  }
}
