import { parentPort, workerData } from 'node:worker_threads'
import { sweep, type SweepWork } from './sweep.ts'

/** What a thread is started with. */
export interface ThreadData {
  readonly work: SweepWork
  readonly thread: number
}

const { work, thread } = workerData as ThreadData
sweep(work, thread, (done) => {
  if (thread === 0) parentPort?.postMessage(done, [])
})
