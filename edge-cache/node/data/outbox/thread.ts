import { Worker } from 'node:worker_threads'
import type { OutboxMessage, OutboxReply } from './messages.ts'

/** Whoever writes the outbox's file, as the serving side sees it. */
export interface OutboxThread {
  send(message: OutboxMessage): void
  /** Ends it wherever it is. */
  terminate(): void
}

export interface OutboxThreadOptions {
  readonly path: string
  readonly storeId: string
  readonly onReply: (reply: OutboxReply) => void
  /** Called once; `fault` says why it ended by itself. */
  readonly onEnd: (code: number, fault: unknown) => void
}

export type StartOutboxThread = (options: OutboxThreadOptions) => OutboxThread

/** A thread of its own. */
export function startWorker({ path, storeId, onReply, onEnd }: OutboxThreadOptions): OutboxThread {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { path, storeId }, name: 'outbox' })
  let fault: unknown = null
  worker.on('message', onReply)
  worker.on('error', (error) => (fault = error))
  worker.once('exit', (code) => onEnd(code, fault))
  return {
    send: (message) => worker.postMessage(message, []),
    terminate: () => void worker.terminate(),
  }
}
