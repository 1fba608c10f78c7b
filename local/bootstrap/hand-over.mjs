import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { root, projectNode } from './places.mjs'

/** How often a parent is looked for, in milliseconds: npm may be killed in ways that send us nothing. */
const parentCheckMs = 500

/**
 * Becomes the project's Node with these arguments: in place where this Node can replace itself, else as a child whose signals and
 * status are passed on. Never returns.
 * @param {string[]} parameters
 * @param {NodeJS.ProcessEnv} [changes]
 */
export async function handOver(parameters, changes = {}) {
  const environment = { ...environmentOfProject(), ...changes }
  // Under npm, the end of npm is the end of us; started by hand, a parent that leaves (nohup, a script) means nothing.
  const underNpm = process.env.npm_lifecycle_event !== undefined
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    if (underNpm) environment.AISLE_PARENT_PID = String(process.ppid)
    process.removeAllListeners('warning')
    process.on('warning', () => {}) // execve is still marked experimental
    process.execve(projectNode, [projectNode, ...parameters], environment)
  }
  const status = await runProjectNode(parameters, { ...environment, AISLE_PARENT_PID: String(process.pid) }, underNpm)
  process.exit(status)
}

/** What every process of the project's Node is given. */
export function environmentOfProject() {
  const environment = { ...process.env }
  environment.NODE_COMPILE_CACHE ??= join(root, '.aisle/compile-cache')
  environment.PATH = [join(root, 'node_modules/.bin'), environment.PATH].filter(Boolean).join(delimiter)
  return environment
}

async function runProjectNode(parameters, environment, endsWithParent) {
  const child = spawn(projectNode, parameters, { stdio: 'inherit', env: environment })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  const parent = process.ppid
  const watch = setInterval(() => {
    if (endsWithParent && process.ppid !== parent) child.kill('SIGTERM')
  }, parentCheckMs)
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (...ending) => resolve(ending))
  })
  clearInterval(watch)
  return code ?? 128 + (constants.signals[signal] ?? 0)
}
