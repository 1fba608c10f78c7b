import { createHash } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { identify, isRunning } from '../processes/identity.ts'
import { hasCode } from '../processes/system-error.ts'

const claimSchema = z.object({ pid: z.number(), startedAt: z.string(), socket: z.string() })

/** Which process supervises a folder, and where it takes orders. */
export type Claim = z.output<typeof claimSchema>

const claimFile = (run: string): string => join(run, 'supervisor.json')

/** The supervisor that runs in the folder; null when none does. */
export function readClaim(run: string): Claim | null {
  try {
    const found = claimSchema.safeParse(JSON.parse(readFileSync(claimFile(run), 'utf8')))
    return found.success && isRunning(found.data) ? found.data : null
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return null
    throw error
  }
}

/** Claims the folder for this process. Returns null when another running supervisor has it. */
export function claim(run: string): (Disposable & { readonly socket: string }) | null {
  const identity = identify(process.pid)
  if (identity === null) throw new Error('this process cannot identify itself')
  const socket = socketPath(run)
  // Written aside and linked into place: nobody ever reads half a claim, and of two that come at once one gets it.
  const aside = `${claimFile(run)}.${process.pid}`
  writeFileSync(aside, `${JSON.stringify({ ...identity, socket })}\n`)
  try {
    for (;;) {
      try {
        linkSync(aside, claimFile(run))
        return { socket, [Symbol.dispose]: () => rmSync(claimFile(run), { force: true }) }
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error
        if (readClaim(run) !== null) return null
        rmSync(claimFile(run), { force: true })
      }
    }
  } finally {
    rmSync(aside, { force: true })
  }
}

/** The system cuts the path of a socket off at 108 bytes (Linux) or 104 (macOS): a long one goes among temporary files. */
function socketPath(run: string): string {
  const longest = 100
  const usual = join(run, 'control.sock')
  const short = `aisle-${createHash('sha256').update(run).digest('hex').slice(0, 16)}.sock`
  const fits = [usual, join(tmpdir(), short)].find((path) => Buffer.byteLength(path) <= longest)
  return fits ?? join('/tmp', short)
}
