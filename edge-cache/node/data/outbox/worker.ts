import { randomUUID } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { startOutboxLoop } from './loop.ts'

/** The thread that writes the outbox: a slow disk holds up writes, never reads. */
const port = parentPort
if (port === null) throw new Error('The outbox worker runs as a worker thread only.')

const { path, storeId } = workerData as { path: string; storeId: string }
port.on(
  'message',
  startOutboxLoop({ path, storeId, mint: randomUUID, reply: (message) => port.postMessage(message), soon: (work) => void setImmediate(work), onClosed: () => port.close() }),
)
