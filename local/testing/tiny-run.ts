import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { identify, isRunning, type ProcessIdentity } from '../processes/identity.ts'
import { readServerNote, stopLeftoverServer } from '../postgres/leftover.ts'
import { endLeftovers, readNotes } from '../supervisor/notes.ts'

const script = fileURLToPath(new URL('tiny-start.ts', import.meta.url))

const tableSchema = z.object({ ports: z.object({ gateway: z.number(), edge: z.number(), origin: z.number() }), databaseUrl: z.string() })

/** Waits for a condition; the test's own time limit is the only one. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20)
}

/** A folder to run in. Disposing it ends whatever a test left running there. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'aisle-start-test-'))
  return {
    path,
    async [Symbol.asyncDispose]() {
      if (existsSync(join(path, 'run'))) await endLeftovers(join(path, 'run'))
      await stopLeftoverServer(join(path, 'postgres'))
      await rm(path, { recursive: true, force: true })
    },
  }
}

export interface TinyRun extends AsyncDisposable {
  /** Resolves with the exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
  output(): string
  /** Waits for the table; fails when the start does. */
  up(): Promise<z.output<typeof tableSchema>>
  signal(name: NodeJS.Signals): void
}

/** `aisle start` with tiny roles, as a process. */
export async function startIn(directory: string, environment: Record<string, string> = {}): Promise<TinyRun> {
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  let over = false
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      over = true
      resolve(code)
    })
  })
  return {
    ended,
    output: () => said,
    signal: (name) => void child.kill(name),
    async up() {
      await until(() => over || /^up .*\n/m.test(said))
      const line = /^up (.*)\n/m.exec(said)?.[1]
      if (line === undefined) throw new Error(`the start failed:\n${said}`)
      return tableSchema.parse(JSON.parse(line))
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** `aisle cloud down|up`. Returns what it said, on either stream. */
export async function order(directory: string, name: string): Promise<string> {
  const child = spawn(process.execPath, [script, directory, name], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  await new Promise((resolve) => child.once('close', resolve))
  return said
}

/** Every process of the run in the folder, by name. */
export function processesIn(directory: string): Partial<Record<string, ProcessIdentity>> {
  const roles = readNotes(join(directory, 'run')).map(({ name, pid, startedAt }) => [name, { pid, startedAt }] as const)
  const note = readServerNote(join(directory, 'postgres'))
  const postgres = note === null ? null : identify(note.pid)
  return Object.fromEntries([...roles, ...(postgres === null ? [] : [['postgres', postgres] as const])])
}

/** Names of what still runs or is still claimed in the folder; empty after a clean stop. */
export function leftIn(directory: string): string[] {
  const running = Object.entries(processesIn(directory)).filter(([, identity]) => identity !== undefined && isRunning(identity)).map(([name]) => name)
  const files = ['run/supervisor.json', 'run/control.sock', 'postgres/postmaster.pid'].filter((file) => existsSync(join(directory, file)))
  return [...running, ...files]
}

/** What a role answers, or null when nobody does. */
export async function answerOf(port: number): Promise<string | null> {
  try {
    return await (await fetch(`http://localhost:${port}/`)).text()
  } catch {
    return null
  }
}
