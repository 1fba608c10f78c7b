import { chown, open, readdir, readlink, realpath, rename, rm, mkdir, readFile, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { AisleError } from '../../runtime/errors.ts'
import { hasCode } from '../processes/system-error.ts'
import { mayRead, type Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { runToEnd, type Sandbox } from './spawn.ts'

/** The role that owns everything; the database has its name too. */
export const owner = 'aisle'

const passwordFile = 'aisle.password'

/** Makes the data directory unless it is there. A start that was killed half way leaves nothing that looks like one. */
export async function ensureDataDirectory(directory: string, binaries: Binaries, account: Account | null, durable: boolean): Promise<void> {
  const found = await versionOf(directory)
  if (found === binaries.majorVersion) return
  if (found !== null) {
    throw new AisleError('DATABASE_UNAVAILABLE', `${directory} holds data of Postgres ${found}, and this is Postgres ${binaries.majorVersion}. Start with --fresh to make the data again, or set DATABASE_URL.`)
  }
  const parent = dirname(directory)
  await mkdir(parent, { recursive: true })
  const unfinished = `${basename(directory)}.unfinished`
  for (const name of await readdir(parent)) {
    if (name.startsWith(unfinished)) await rm(join(parent, name), { recursive: true, force: true })
  }
  const fresh = join(parent, unfinished)
  await mkdir(fresh, { mode: 0o700 })
  if (account !== null) await chown(fresh, account.uid, account.gid)
  await initialise(fresh, binaries, account, durable)
  await rename(fresh, directory)
}

async function initialise(directory: string, binaries: Binaries, account: Account | null, durable: boolean): Promise<void> {
  await using sandbox = await openSandbox(directory, account)
  const sync = durable ? [] : ['--no-sync']
  await runToEnd(sandbox, binaries.initdb, ['-D', sandbox.directory, '-U', owner, '--locale=C', '-E', 'UTF8', '-A', 'trust', '--no-instructions', ...sync])
  const password = randomBytes(18).toString('base64url')
  const commands = `alter role ${owner} password '${password}'\ncreate database ${owner}\n`
  await runToEnd(sandbox, binaries.postgres, ['--single', '-D', sandbox.directory, 'postgres'], commands)
  await writeFile(join(directory, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n')
  await writeFile(join(directory, passwordFile), password, { mode: 0o600 })
}

/** The password of the owner, kept in the data directory where only its account can read it. */
export async function readPassword(directory: string): Promise<string> {
  return await readFile(join(directory, passwordFile), 'utf8')
}

/**
 * Opens the data directory for programs that run as the account. Where the account may not pass through a folder above it
 * (root's own home, say), Linux still lets it in by the handle that we hold.
 */
export async function openSandbox(directory: string, account: Account | null): Promise<Sandbox & AsyncDisposable> {
  const path = await realpath(directory)
  if (account === null || mayRead(dirname(path), account)) return { directory: path, account, handle: null, async [Symbol.asyncDispose]() {} }
  if (process.platform !== 'linux') {
    throw new AisleError('DATABASE_UNAVAILABLE', `Postgres cannot run as root, and user ${account.uid} cannot reach ${path}. Choose a folder it can reach with --directory, or set DATABASE_URL.`)
  }
  const handle = await open(path, 'r')
  return { directory: '/proc/self/fd/3', account, handle: handle.fd, [Symbol.asyncDispose]: () => handle.close() }
}

/** Whether the process works in this data directory, as every Postgres does in its own. */
export async function worksIn(pid: number, directory: string, commandLine: string | null): Promise<boolean> {
  if (commandLine === null || !/\bpostgres\b/.test(commandLine)) return false
  if (process.platform !== 'linux') return commandLine.includes(directory)
  try {
    return await readlink(`/proc/${pid}/cwd`) === await realpath(directory)
  } catch {
    return false
  }
}

async function versionOf(directory: string): Promise<string | null> {
  try {
    return (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim()
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}
