import { parentPort, workerData } from 'node:worker_threads'
import { isDamage } from '../../../../subgraphs/storage/sqlite/damage.ts'
import type { OutboxMessage, OutboxReply } from './messages.ts'
import { openOutboxFile } from './schema.ts'
import { OutboxWriter } from './writer.ts'

/**
 * The thread that writes the outbox: a slow disk holds up writes, never reads. Requests that arrive while a transaction
 * is being brought to the medium share the next one (group commit).
 */
const port = parentPort
if (port === null) throw new Error('The outbox worker runs as a worker thread only.')

const { path, storeId } = workerData as { path: string; storeId: string }
const connection = openOutboxFile(path, storeId)
const writer = new OutboxWriter(connection)
let waiting: Exclude<OutboxMessage, 'close'>[] = []

function commitWaiting(): void {
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

function reply(message: OutboxReply): void {
  port?.postMessage(message)
}

port.on('message', (message: OutboxMessage) => {
  if (message === 'close') {
    if (waiting.length > 0) commitWaiting()
    connection.close()
    port.close()
    return
  }
  if (waiting.length === 0) setImmediate(() => waiting.length > 0 && commitWaiting())
  waiting.push(message)
})
