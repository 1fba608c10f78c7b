import { Worker } from 'node:worker_threads'
import type { ExtensionModule } from './extension.ts'

/** Long work on a whole file. */
export type FileTask =
  | { readonly kind: 'check'; readonly file: string }
  /** Extensions by the module and the name they are exported under. */
  | { readonly kind: 'derive'; readonly file: string; readonly modules: readonly ExtensionModule[] }

/**
 * Does it in a thread of its own, so that nobody who is served waits. @returns false for a file that the check found damaged.
 * @throws what SQLite raised, with its `errcode`.
 */
export function runFileTask(task: FileTask): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./file-worker.ts', import.meta.url), { workerData: task, name: 'replica file' })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('The thread that works on the replica\'s file ended early.')))
  })
}
