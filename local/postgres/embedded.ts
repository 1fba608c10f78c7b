import { open, readFile } from 'node:fs/promises'
import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AisleError } from '../../runtime/errors.ts'
import { isPortFree, freePort } from '../processes/ports.ts'
import { childrenOf, endProcess, identify, signal, waitForEnd, type ProcessIdentity } from '../processes/identity.ts'
import { lentAccount } from './account.ts'
import { findBinaries, type Binaries } from './binaries.ts'
import { ensureDataDirectory, openSandbox, owner, readPassword } from './directory.ts'
import { readServerNote, stopLeftoverServer } from './leftover.ts'
import { serverSettings } from './settings.ts'
import { couldNotRun, spawnProgram } from './spawn.ts'

export interface EmbeddedPostgresOptions {
  /** The data directory; made when missing. */
  readonly directory: string
  /** On 127.0.0.1. 0 or absent takes a free one. */
  readonly port?: number
  /** False only for data that can be made again: nothing is forced to disk. */
  readonly durable: boolean
  /** Where the server's own log is appended; default: beside the data directory, with `.log`. */
  readonly logFile?: string
  /** Another Postgres than the one that npm brought. */
  readonly binaries?: Binaries
}

/** A running server; disposing it shuts it down fast (open transactions are rolled back) and waits. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** Connects as the owner to the database `aisle`, password included. */
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly identity: ProcessIdentity
  /** Resolves when the server has ended, whoever ended it. */
  readonly ended: Promise<void>
  /** Shuts down fast, and harder when that takes longer than `limitMs` milliseconds. */
  stop(limitMs: number): Promise<void>
  /** Pulls the plug: the server and all its sessions are killed at once. The next start recovers from its log of writes. */
  kill(): Promise<void>
}

const readyLimitMs = 60_000

/** A replica says that it is a standby, and serves. */
const servingStates: ReadonlySet<string> = new Set(['ready', 'standby'])

/**
 * Starts a real Postgres on the data directory, after stopping what a killed run left on it.
 * @throws AisleError DATABASE_UNAVAILABLE with the end of the server's log, when it does not come up.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory)
  const logFile = options.logFile ?? `${directory}.log`
  const account = lentAccount()
  const binaries = options.binaries ?? (await findBinaries(account))
  await stopLeftoverServer(directory)
  await ensureDataDirectory(directory, binaries, account, options.durable)
  const port = options.port === undefined || options.port === 0 ? await freePort() : options.port
  if (!(await isPortFree(port, '127.0.0.1'))) throw new AisleError('PORT_IN_USE', `Port ${port}, meant for Postgres, is already taken.`)
  const password = await readPassword(directory)

  await using sandbox = await openSandbox(directory, account)
  await using log = await open(logFile, 'a', 0o600)
  const child = spawnProgram(sandbox, binaries.postgres, ['-D', sandbox.directory, ...serverSettings({ port, durable: options.durable })], log.fd)
  const ended = endOf(child)
  const { identity } = await waitUntilReady(child, directory, logFile, binaries.postgres)
  const stop = async (limitMs: number): Promise<void> => {
    await endProcess(identity, ['SIGINT', limitMs], ['SIGQUIT', 2_000])
    await ended
  }
  return {
    url: `postgres://${owner}:${password}@127.0.0.1:${port}/${owner}`,
    port,
    pid: identity.pid,
    identity,
    ended,
    async kill() {
      // The server first, so that it starts no new sessions; sessions that outlive it would keep its memory and hinder the next start.
      const sessions = childrenOf(identity.pid)
      for (const each of [identity, ...sessions]) signal(each, 'SIGKILL')
      await Promise.all([ended, ...sessions.map((each) => waitForEnd(each, 5_000))])
    },
    stop,
    [Symbol.asyncDispose]: () => stop(20_000),
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined) await once(child, 'exit')
}

async function waitUntilReady(child: ChildProcess, directory: string, logFile: string, program: string): Promise<{ identity: ProcessIdentity }> {
  let failure: AisleError | null = null
  child.once('error', (error) => {
    failure = couldNotRun(program, error)
  })
  const deadline = performance.now() + readyLimitMs
  for (;;) {
    await sleep(5)
    if (failure !== null) throw failure
    const identity = child.pid === undefined ? null : identify(child.pid)
    const note = readServerNote(directory)
    if (identity !== null && note?.pid === identity.pid && servingStates.has(note.status)) return { identity }
    const dead = child.exitCode !== null || child.signalCode !== null
    if (!dead && performance.now() < deadline) continue
    if (identity !== null) await endProcess(identity, ['SIGQUIT', 5_000])
    const tail = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-15).join('\n')
    throw new AisleError('DATABASE_UNAVAILABLE', `Postgres ${dead ? 'stopped while it started' : 'did not become ready'}. The end of ${logFile}:\n${tail}`)
  }
}
