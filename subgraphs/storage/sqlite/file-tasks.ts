import { Worker } from 'node:worker_threads'
import type { DerivedAudit, ExtensionModule } from './extension.ts'
import type { DamagedTables } from './file-check.ts'

/** Long work on a whole file. */
export type FileTask =
  | { readonly kind: 'check'; readonly file: string; readonly audits: readonly DerivedAudit[] }
  /** Extensions by the module and the name they are exported under. */
  | { readonly kind: 'derive'; readonly file: string; readonly modules: readonly ExtensionModule[] }

/**
 * Does it, and returns what a check found; none for other work.
 * @throws what SQLite raised, with its `errcode`.
 */
export type RunFileTask = (task: FileTask) => Promise<DamagedTables>

/** In a thread of its own, so that nobody who is served waits. */
export const runFileTask: RunFileTask = (task) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./file-worker.ts', import.meta.url), { workerData: task, name: 'replica file' })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('The thread that works on the replica\'s file ended early.')))
  })
