import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { endProcess, isRunning, type ProcessIdentity } from '../processes/identity.ts'
import { hasCode } from '../processes/system-error.ts'

/** What a run writes about each process it starts, for the run after it. */
const noteSchema = z.object({ name: z.string(), pid: z.number(), startedAt: z.string(), command: z.array(z.string()), url: z.string().nullable() })

export type ProcessNote = z.output<typeof noteSchema>

const suffix = '.role.json'

export function writeNote(folder: string, note: ProcessNote): void {
  writeFileSync(join(folder, note.name + suffix), `${JSON.stringify(note)}\n`)
}

/** Takes the note away, unless it is about a later process of that name. */
export function removeNote(folder: string, name: string, { pid, startedAt }: ProcessIdentity): void {
  const note = readNotes(folder).find((candidate) => candidate.name === name)
  if (note?.pid === pid && note.startedAt === startedAt) rmSync(join(folder, name + suffix), { force: true })
}

/** Every note that can be read; half-written ones of a machine that went down say nothing. */
export function readNotes(folder: string): ProcessNote[] {
  return readdirSync(folder).filter((file) => file.endsWith(suffix)).flatMap((file) => {
    try {
      const note = noteSchema.safeParse(JSON.parse(readFileSync(join(folder, file), 'utf8')))
      return note.success ? [note.data] : []
    } catch (error) {
      if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return []
      throw error
    }
  })
}

/**
 * Ends every process that a killed run left, and forgets it. A number that another process was given since is left alone.
 * @returns the names of those that still ran.
 */
export async function endLeftovers(folder: string): Promise<string[]> {
  const notes = readNotes(folder)
  const running = notes.filter(isRunning)
  await Promise.all(running.map((note) => endProcess(note, ['SIGTERM', 5_000])))
  for (const note of notes) rmSync(join(folder, note.name + suffix), { force: true })
  return running.map((note) => note.name)
}
