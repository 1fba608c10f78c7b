import { chmod, copyFile, lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { AisleError } from '../../runtime/errors.ts'
import { hasCode } from '../processes/system-error.ts'
import { mayRead, type Account } from './account.ts'

/**
 * A copy of the binaries that the account can read, made once a version and kept beside other temporary files.
 * It appears under its name only when complete, and is made again when something was swept out of it since.
 */
export async function readableCopy(native: string, version: string, finish: (folder: string) => Promise<void>, account: Account | null): Promise<string> {
  const place = placeFor(account)
  const copy = join(place, `aisle-postgres-${version}-${process.arch}-${process.getuid?.() ?? 0}`)
  const files = await listFiles(native)
  if (await isOurs(copy) && await isComplete(copy, files)) {
    await finish(copy)
    return copy
  }
  const fresh = await mkdtemp(join(place, 'aisle-postgres-'))
  try {
    await chmod(fresh, 0o755)
    for (const { path } of files) {
      await mkdir(join(fresh, dirname(path)), { recursive: true, mode: 0o755 })
      await copyFile(join(native, path), join(fresh, path))
      await chmod(join(fresh, path), 0o755)
    }
    await finish(fresh)
    return await publish(fresh, copy, files)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
}

interface ListedFile {
  readonly path: string
  readonly size: number
}

/** Two starts may race here: whoever comes second finds a complete copy and drops its own. */
async function publish(fresh: string, copy: string, files: readonly ListedFile[]): Promise<string> {
  for (;;) {
    try {
      await rename(fresh, copy)
      return copy
    } catch (error) {
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
    }
    if (!(await isOurs(copy))) return fresh
    if (await isComplete(copy, files)) {
      await rm(fresh, { recursive: true, force: true })
      return copy
    }
    await rm(copy, { recursive: true, force: true })
  }
}

function placeFor(account: Account | null): string {
  const place = [tmpdir(), '/tmp', '/var/tmp'].find((candidate) => account === null || mayRead(candidate, account))
  if (place !== undefined) return place
  throw new AisleError('DATABASE_UNAVAILABLE', `Postgres cannot run as root, and user ${account?.uid} can read neither its binaries nor a temporary folder to copy them to. Set DATABASE_URL.`)
}

/** Others may write beside temporary files: a folder that is not ours alone is never run from. */
async function isOurs(folder: string): Promise<boolean> {
  try {
    const status = await lstat(folder)
    return status.isDirectory() && status.uid === process.getuid?.() && (status.mode & 0o022) === 0
  } catch {
    return false
  }
}

async function isComplete(folder: string, files: readonly ListedFile[]): Promise<boolean> {
  const present = new Map((await listFiles(folder)).map(({ path, size }) => [path, size]))
  return files.every(({ path, size }) => present.get(path) === size)
}

async function listFiles(folder: string): Promise<ListedFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return await Promise.all(files.map(async (file) => ({ path: file.slice(folder.length + 1), size: (await lstat(file)).size })))
}
