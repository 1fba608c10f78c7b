import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { AisleError } from '../runtime/errors.ts'

const messageSchema = z.object({ step: z.string(), share: z.number() })

/**
 * Trains the recommendations in a thread of their own: it computes for a minute on end, and this process must hear a Ctrl-C meanwhile.
 * @throws AisleError SHUTTING_DOWN when `signal` cuts it short; nothing is written then.
 */
export async function trainInThread(databaseUrl: string, onProgress: (detail: string) => void, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const worker = new Worker(new URL('training-thread.ts', import.meta.url), { workerData: { databaseUrl } })
  const abort = (): void => void worker.terminate()
  signal.addEventListener('abort', abort, { once: true })
  worker.on('message', (message: unknown) => {
    const { step, share } = messageSchema.parse(message)
    onProgress(share === 0 ? step : `${step} ${Math.round(share * 100)}%`)
  })
  try {
    const code = await new Promise<number>((resolve, reject) => {
      worker.once('error', reject)
      worker.once('exit', resolve)
    })
    if (signal.aborted) throw new AisleError('SHUTTING_DOWN')
    if (code !== 0) throw new Error(`the training thread ended with code ${code}`)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
