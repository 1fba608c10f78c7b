import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AisleError } from '../../runtime/errors.ts'

/** Longest time that a planner may take to read a supergraph, in milliseconds. */
const timeoutMs = 60_000
/** How much is kept of what a failing planner says, in characters. */
const keptOutput = 4_000

const script = fileURLToPath(new URL('probe.ts', import.meta.url))

/**
 * Tries a supergraph out in a process of its own: the planner does not fail on some bad ones but aborts, and with it the process it is in.
 * @throws AisleError SUPERGRAPH_INVALID
 */
export async function tryOut(supergraphSdl: string): Promise<void> {
  const child = spawn(process.execPath, ['--no-warnings', script], { stdio: ['pipe', 'ignore', 'pipe'], timeout: timeoutMs })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < keptOutput) said += text
  })
  // It may end before it has read everything.
  child.stdin.on('error', () => {})
  child.stdin.end(supergraphSdl)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new AisleError('SUPERGRAPH_INVALID', `The supergraph cannot be used: ${reasonIn(said) || 'the planner does not take it'}`)
}

/** Of a report of an abort, the line that says why. */
function reasonIn(said: string): string {
  const lines = said.trim().split('\n')
  const panic = lines.findIndex((line) => line.includes('panicked at'))
  return (panic < 0 ? said : (lines[panic + 1] ?? '')).trim().slice(0, 500)
}
