import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { lentAccount } from '../postgres/account.ts'
import { findBinaries, type Binaries } from '../postgres/binaries.ts'

/** Where `pg_dump`, `pg_restore` and `psql` are, and a server that they can dump. */
export interface DumpTools {
  readonly folder: string
  readonly server: Binaries
}

/** Where Debian and its like keep the programs of each release. */
const releases = '/usr/lib/postgresql'

/**
 * The newest tools of this machine with a server not newer than they are: the one that npm brought, else that of the same
 * release beside them. Null where there are none.
 */
export async function findDumpTools(): Promise<DumpTools | null> {
  const installed = (await readdir(releases).catch(() => [])).map((version) => join(releases, version, 'bin'))
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...installed]
  const found = (await Promise.all(folders.map(async (folder) => ({ folder, major: await majorOf(join(folder, 'pg_dump')) }))))
    .flatMap(({ folder, major }) => (major === null ? [] : [{ folder, major }]))
    .toSorted((one, other) => other.major - one.major)
  const embedded = await findBinaries(lentAccount())
  for (const { folder, major } of found) {
    if (major >= Number(embedded.majorVersion)) return { folder, server: embedded }
    const server = { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres'), majorVersion: String(major) }
    if ((await majorOf(server.postgres)) === major && (await majorOf(server.initdb)) === major) return { folder, server }
  }
  return null
}

async function majorOf(program: string): Promise<number | null> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'])
    const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]
    return major === undefined ? null : Number(major)
  } catch {
    return null
  }
}
