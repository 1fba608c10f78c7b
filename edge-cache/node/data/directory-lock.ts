import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AisleError } from '../../../runtime/errors.ts'

/**
 * Makes the directory where it is missing and takes it for this process alone. The lock is the operating system's, held
 * by an open exclusive SQLite transaction, so that it ends with the process however that ends.
 * @throws AisleError DIRECTORY_IN_USE, naming the process that holds it.
 */
export function lockDirectory(directory: string): Disposable {
  mkdirSync(directory, { recursive: true })
  const holderFile = join(directory, 'lock.pid')
  const connection = new DatabaseSync(join(directory, 'lock.db'), { timeout: 0 })
  try {
    // Locking an empty file writes to it, which a full disk would not allow.
    if (connection.prepare('pragma user_version').get()?.user_version === 0) connection.exec('pragma user_version = 1')
    connection.exec('begin exclusive')
  } catch (error) {
    connection.close()
    if (!isBusy(error)) throw error
    throw new AisleError('DIRECTORY_IN_USE', `The data directory ${directory} is in use by ${holder(holderFile)}: stop it, or give this node its own --data directory.`, { cause: error })
  }
  try {
    writeFileSync(holderFile, `${process.pid}\n`)
  } catch {
    // Only for people to read: a full disk does not keep a node from serving.
  }
  return {
    [Symbol.dispose]() {
      rmSync(holderFile, { force: true })
      connection.close()
    },
  }
}

/** SQLITE_BUSY is 5 in the primary part of the code. */
function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && (Number(error.errcode) & 0xff) === 5
}

function holder(file: string): string {
  try {
    return `another node, process ${readFileSync(file, 'utf8').trim()}`
  } catch {
    return 'another node'
  }
}
