import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Progress } from '../supervisor/progress.ts'

const builder = fileURLToPath(new URL('../../gateway/explorer/build.ts', import.meta.url))

/** Builds the page of GraphiQL where it is out of date, in a process of its own beside the rest. Without it everything else works. */
export async function buildExplorerPage(progress: Progress, signal: AbortSignal): Promise<void> {
  if (!existsSync(builder)) return
  const step = progress.step('GraphiQL page')
  const said: Buffer[] = []
  const child = spawn(process.execPath, [builder], { stdio: ['ignore', 'pipe', 'pipe'], detached: true, signal })
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
  const failure = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(code === 0 ? null : Buffer.concat(said).toString('utf8').trim()))
  })
  if (failure === null) {
    step.done()
    return
  }
  step.fail()
  if (!signal.aborted) progress.note(`GraphiQL's page could not be built; all else works:\n${failure}`)
}
