import { resolve, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AisleError } from '../../runtime/errors.ts'
import { readClaim } from '../supervisor/claim.ts'
import { giveOrder, type Order } from '../supervisor/control.ts'
import { ProgressPrinter, type Terminal } from '../supervisor/progress.ts'
import type { Cast } from './cast.ts'
import type { StartConfig } from './config.ts'
import { Everything } from './everything.ts'
import { stopRequests } from './stop-requests.ts'

/** Runs `aisle start` to its end. @returns the exit code. */
export async function runStart(config: StartConfig, cast: Cast, terminal: Terminal): Promise<number> {
  const running = await joinRunning(config, terminal)
  if (running !== null) {
    terminal.write(`\n${running}\n`)
    return 0
  }
  const stop = stopRequests()
  using progress = new ProgressPrinter(terminal)
  const everything = new Everything(config, cast, progress)
  stop.onForce(async () => {
    progress.note('Killing what is left.')
    await everything.kill()
  })
  const started = everything.start().then((table) => ({ table }), (error: unknown) => ({ error }))
  const first = await Promise.race([started, stop.requested])
  if (typeof first === 'object' && 'table' in first) progress.note(`\n${first.table}\n`)
  const failed = typeof first === 'object' && 'error' in first
  if (failed) tellFailure(first.error, progress)
  const reason = failed ? 'the start failed' : await stop.requested
  const step = progress.step(`Stopping (${reason})`)
  await everything[Symbol.asyncDispose]()
  step.done()
  return failed ? 1 : 0
}

/** How long another `npm start` may take, in milliseconds, to begin to listen or to finish stopping. */
const otherRunMs = 15_000

/** Tells a run that is already there to bring back what is missing. Returns what it says, or null when there is none. */
async function joinRunning({ directory }: StartConfig, terminal: Terminal): Promise<string | null> {
  const deadline = performance.now() + otherRunMs
  let told = false
  for (;;) {
    const other = readClaim(join(directory, 'run'))
    if (other === null) return null
    if (!told) terminal.write(`Aisle already runs here (process ${other.pid}), with what it was started with. Bringing back whatever is missing.\n`)
    told = true
    try {
      return await giveOrder(other.socket, 'up', (text) => terminal.write(`${text}\n`))
    } catch (error) {
      const passing = AisleError.is(error) && (error.code === 'NOT_RUNNING' || error.code === 'SHUTTING_DOWN')
      if (!passing || performance.now() > deadline) throw error
    }
    await sleep(100)
  }
}

/** Gives an order to the run in the folder. @throws AisleError NOT_RUNNING */
export async function orderRunning(directory: string, order: Order, note: (text: string) => void): Promise<string> {
  const running = readClaim(join(resolve(process.env.INIT_CWD ?? process.cwd(), directory), 'run'))
  if (running === null) throw new AisleError('NOT_RUNNING')
  return await giveOrder(running.socket, order, note)
}

function tellFailure(error: unknown, progress: ProgressPrinter): void {
  if (AisleError.is(error)) progress.note(`\n${error.message}\n${error.action}\n`)
  else progress.note(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
}
