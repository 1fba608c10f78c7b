import { isDamage } from '../../../../subgraphs/storage/sqlite/damage.ts'
import type { OutboxMessage, OutboxReply } from './messages.ts'
import { openOutboxFile } from './schema.ts'
import { OutboxWriter } from './writer.ts'

export interface OutboxLoopOptions {
  readonly path: string
  readonly storeId: string
  /** Gives an incarnation that nobody had before. */
  readonly mint: () => string
  readonly reply: (message: OutboxReply) => void
  /** Runs the work once what has arrived by then has been taken in. */
  readonly soon: (work: () => void) => void
  readonly onClosed: () => void
}

/**
 * Takes in what is asked of the outbox. Requests that arrive while a transaction is being brought to the medium share the next
 * one (group commit); each is answered once it is there.
 * @throws what `openOutboxFile` throws
 */
export function startOutboxLoop({ path, storeId, mint, reply, soon, onClosed }: OutboxLoopOptions): (message: OutboxMessage) => void {
  const connection = openOutboxFile(path, storeId)
  const writer = new OutboxWriter(connection, mint)
  let waiting: Exclude<OutboxMessage, 'close'>[] = []

  const commitWaiting = (): void => {
    const group = waiting
    waiting = []
    try {
      const answers = writer.commit(group.map(({ request }) => request))
      group.forEach(({ id }, index) => reply({ id, open: writer.open, answer: answers[index] as NonNullable<(typeof answers)[number]> }))
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      for (const { id } of group) reply({ id, open: writer.open, error: text, damaged: isDamage(error) })
    }
  }

  return (message) => {
    if (message === 'close') {
      if (waiting.length > 0) commitWaiting()
      connection.close()
      onClosed()
      return
    }
    if (waiting.length === 0) soon(() => waiting.length > 0 && commitWaiting())
    waiting.push(message)
  }
}
