import { spawn } from 'node:child_process'
import { environmentOfProject } from './hand-over.mjs'
import { join } from 'node:path'
import { root, projectNode } from './places.mjs'

/** What must hold of the source before any test runs. */
export const checks = [
  { name: 'Types', program: 'typescript/bin/tsc', parameters: ['-p', root] },
  { name: 'Types of the explorer', program: 'typescript/bin/tsc', parameters: ['-p', join(root, 'gateway/explorer')] },
  { name: 'Lint', program: 'oxlint/bin/oxlint', parameters: ['--type-aware', '--deny-warnings'] },
]

/**
 * Runs the checks side by side and says how each went; ends the process when one fails.
 * @param {typeof checks} list
 */
export async function runChecks(list) {
  const results = await Promise.all(list.map(run))
  if (results.includes(false)) process.exit(1)
}

async function run({ name, program, parameters }) {
  const began = Date.now()
  const child = spawn(projectNode, [join(root, 'node_modules', program), ...parameters], { cwd: root, env: environmentOfProject(), stdio: ['ignore', 'pipe', 'pipe'] })
  const end = () => child.kill('SIGTERM')
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end)
  const said = []
  child.stdout.on('data', (chunk) => said.push(chunk))
  child.stderr.on('data', (chunk) => said.push(chunk))
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, end)
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  process.stdout.write(status === 0 ? `${name}: good (${seconds} s)\n` : `${Buffer.concat(said).toString('utf8')}${name}: failed (${seconds} s)\n`)
  return status === 0
}
