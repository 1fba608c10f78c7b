import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { checkFile, type DamagedTables } from './file-check.ts'
import type { FileTask } from './file-tasks.ts'
import type { ReplicaExtension } from './extension.ts'

/** One task on a replica's file, off the thread that serves. */
async function run(task: FileTask): Promise<DamagedTables> {
  if (task.kind === 'check') return checkFile(task.file, task.audits)
  const extensions = await Promise.all(task.modules.map(load))
  const connection = new DatabaseSync(task.file, { enableForeignKeyConstraints: false, timeout: 5_000 })
  try {
    connection.exec('pragma cache_size = -32000; begin immediate')
    for (const extension of extensions) extension.rebuild(connection)
    connection.exec('commit')
    return []
  } finally {
    connection.close()
  }
}

async function load({ url, name }: { readonly url: string; readonly name: string }): Promise<ReplicaExtension> {
  return ((await import(url)) as Record<string, ReplicaExtension>)[name] as ReplicaExtension
}

const done = await run(workerData as FileTask)
const port = parentPort
port?.postMessage(done)
