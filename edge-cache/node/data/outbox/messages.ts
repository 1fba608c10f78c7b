import type { AppendResult, LogMark, NewOperation, Settlement } from './operation.ts'

/** What the serving thread asks of the thread that writes the outbox. Each is answered once it is on the medium. */
export type OutboxRequest =
  | { readonly type: 'append'; readonly operation: NewOperation }
  | { readonly type: 'deliver'; readonly seqs: readonly number[]; readonly mark: LogMark | null }
  | { readonly type: 'settle'; readonly settlements: readonly Settlement[]; readonly mark: LogMark; readonly at: number }
  /** Writes whose acknowledgement no longer holds, to be delivered again. */
  | { readonly type: 'reopen'; readonly seqs: readonly number[] }
  /** Forgets what was settled before this instant (epoch milliseconds). */
  | { readonly type: 'prune'; readonly before: number }

/** The answer to each type of request. */
export interface OutboxAnswers {
  readonly append: AppendResult
  /** Numbers of writes whose state changed. */
  readonly deliver: number
  readonly settle: number
  readonly reopen: number
  readonly prune: number
}

export type OutboxMessage = { readonly id: number; readonly request: OutboxRequest } | 'close'

/** Every reply says how many writes have no effect yet, so that who asks never counts by itself. */
export type OutboxReply = { readonly open: number } & (
  | { readonly id: number; readonly answer: OutboxAnswers[keyof OutboxAnswers] }
  | { readonly id: number; readonly error: string; readonly damaged: boolean }
)
