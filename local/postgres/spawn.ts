import { spawn, type ChildProcess } from 'node:child_process'
import { AisleError } from '../../runtime/errors.ts'
import type { Account } from './account.ts'

/** Where and as whom a program of Postgres runs. */
export interface Sandbox {
  /** The data directory, as the program is to name it. */
  readonly directory: string
  readonly account: Account | null
  /** An open handle of the data directory, given to the program as descriptor 3. */
  readonly handle: number | null
}

/** Nothing of our own environment: PGPORT, PGOPTIONS and the like would change what runs. */
const environment = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** Starts a program in a session of its own, so that a Ctrl-C in the terminal reaches it through us only. */
export function spawnProgram(sandbox: Sandbox, program: string, parameters: readonly string[], output: 'pipe' | number): ChildProcess {
  return spawn(program, parameters, {
    cwd: '/',
    detached: true,
    env: environment,
    stdio: [output === 'pipe' ? 'pipe' : 'ignore', output, output, ...(sandbox.handle === null ? [] : [sandbox.handle])],
    ...sandbox.account,
  })
}

/** @throws AisleError DATABASE_UNAVAILABLE with what the program said, when it fails. */
export async function runToEnd(sandbox: Sandbox, program: string, parameters: readonly string[], input = ''): Promise<void> {
  const child = spawnProgram(sandbox, program, parameters, 'pipe')
  const said: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => said.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk))
  // A program that fails at once closes its input; its exit status tells the story.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const status = await new Promise<number | string>((resolve, reject) => {
    child.once('error', (error) => reject(couldNotRun(program, error)))
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  if (status !== 0) throw new AisleError('DATABASE_UNAVAILABLE', `${program} failed (${status}):\n${Buffer.concat(said).toString('utf8').trim()}`)
}

/** The error for a program that could not even begin. */
export function couldNotRun(program: string, error: Error): AisleError {
  return new AisleError('DATABASE_UNAVAILABLE', `${program} could not be run (${error.message}). Set DATABASE_URL to a Postgres of your own.`, { cause: error })
}
