import { spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { AisleError } from '../../runtime/errors.ts'
import { identify, type ProcessIdentity } from '../processes/identity.ts'
import { tailOf } from './log-file.ts'
import { removeNote, writeNote } from './notes.ts'
import { waitUntilHealthy } from './readiness.ts'
import { describeEnding, type Ending, type RoleSpec, type RunFolders } from './role.ts'

const projectFolder = fileURLToPath(new URL('../..', import.meta.url))

/** A role that runs as a process of its own. */
export interface RoleProcess {
  readonly spec: RoleSpec
  readonly identity: ProcessIdentity
  /** Resolves when the role can serve; rejects with ROLE_FAILED and the end of its log when it ended before. */
  readonly ready: Promise<void>
  readonly ended: Promise<Ending>
  /** The last lines that it logged in this run. */
  lastWords(): string
}

const readyMessage = z.object({ ready: z.string() })

/**
 * Starts a role in a session of its own, so that a Ctrl-C in the terminal reaches it through its supervisor only. It writes its log
 * straight to a file: a pipe would break, and the role with it, when the supervisor dies.
 */
export function startRole(spec: RoleSpec, folders: RunFolders, onWait: (reason: string) => void): RoleProcess {
  const logFile = join(folders.logs, `${spec.name}.log`)
  const log = openSync(logFile, 'a')
  const begin = fstatSync(log).size
  const child = spawn(process.execPath, spec.parameters, { cwd: projectFolder, detached: true, env: environmentOf(spec), stdio: ['ignore', log, log, 'ipc'] })
  closeSync(log)
  const lastWords = (): string => tailOf(logFile, begin)
  const identity = child.pid === undefined ? null : identify(child.pid)
  if (identity !== null) writeNote(folders.run, { name: spec.name, ...identity, command: [process.execPath, ...spec.parameters], url: spec.url })

  const ended = new Promise<Ending>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }))
    child.once('exit', (code, signal) => {
      if (identity !== null) removeNote(folders.run, spec.name, identity)
      resolve({ code, signal })
    })
  })
  const told = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (readyMessage.safeParse(message).success) resolve()
    })
  })
  const gone = new AbortController()
  void ended.then(() => gone.abort())
  const ready = Promise.race([
    serving(spec, told, gone.signal, onWait),
    ended.then((ending) => {
      throw new AisleError('ROLE_FAILED', `${spec.name} stopped while it started (${describeEnding(ending)}). The end of ${logFile}:\n${lastWords()}`)
    }),
  ])
  // Whoever stops everything at once waits for no role to be ready.
  ready.catch(() => {})
  return { spec, identity: identity ?? { pid: child.pid ?? 0, startedAt: '' }, ready, ended, lastWords }
}

async function serving(spec: RoleSpec, told: Promise<void>, gone: AbortSignal, onWait: (reason: string) => void): Promise<void> {
  if (spec.url === null) return
  await told
  await waitUntilHealthy(spec.url, gone, onWait)
}

function environmentOf({ place, environment }: RoleSpec): NodeJS.ProcessEnv {
  const { AISLE_PARENT_PID: _, ...inherited } = process.env
  return { ...inherited, ...environment, ...(place === 'store' ? { AISLE_OUTLIVE_PARENT: '1' } : {}) }
}
