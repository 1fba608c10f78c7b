import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { isDamage } from './damage.ts'
import type { FileTask } from './file-tasks.ts'
import type { ReplicaExtension } from './extension.ts'

/** One task on a replica's file, off the thread that serves. */
async function run(task: FileTask): Promise<boolean> {
  const extensions = await Promise.all(task.kind === 'derive' ? task.modules.map(load) : [])
  const connection = new DatabaseSync(task.file, { enableForeignKeyConstraints: false, timeout: 5_000, readOnly: task.kind === 'check' })
  try {
    if (task.kind === 'check') return connection.prepare('pragma integrity_check(1)').get()?.integrity_check === 'ok'
    connection.exec('pragma cache_size = -32000; begin immediate')
    for (const extension of extensions) extension.rebuild(connection)
    connection.exec('commit')
    return true
  } catch (error) {
    // What a check meets is its answer; an error would lose its code on the way to the other thread.
    if (task.kind === 'check' && isDamage(error)) return false
    throw error
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
