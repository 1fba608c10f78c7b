import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine, endProcess, identify } from '../processes/identity.ts'
import { hasCode } from '../processes/system-error.ts'
import { worksIn } from './directory.ts'

/** What the server writes about itself into its data directory (`postmaster.pid`). */
export interface ServerNote {
  readonly pid: number
  readonly port: number
  /** `ready` once it accepts connections. */
  readonly status: string
}

/** Reads the note; null when there is none. The server removes it when it stops cleanly. */
export function readServerNote(directory: string): ServerNote | null {
  try {
    const lines = readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')
    return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? '').trim() }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

/**
 * Stops a server that an earlier run left on this data directory, so that every run starts from the same state.
 * The note may be stale and its number taken by a stranger since: only a Postgres that works in this very directory is touched.
 * @returns true when there was one.
 */
export async function stopLeftoverServer(directory: string): Promise<boolean> {
  const note = readServerNote(directory)
  if (note === null) return false
  const identity = identify(note.pid)
  if (identity === null || !(await worksIn(note.pid, directory, commandLine(note.pid)))) return false
  await endProcess(identity, ['SIGINT', 20_000], ['SIGQUIT', 5_000])
  return true
}
