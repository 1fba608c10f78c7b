import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from './system-error.ts'

/** One process, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, in the system's own terms; only good for comparing. */
  readonly startedAt: string
}

/** Who runs under this number now; null when nobody does, or only a zombie that waits to be reaped. */
export function identify(pid: number): ProcessIdentity | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null
  const startedAt = process.platform === 'linux' ? startInProc(pid) : startInPs(pid)
  return startedAt === null ? null : { pid, startedAt }
}

/** True while the very process that was identified still runs. */
export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  return identify(pid)?.startedAt === startedAt
}

/** The command line, for people to read; null when it cannot be seen. */
export function commandLine(pid: number): string | null {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || null
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || null
  } catch {
    return null
  }
}

/** Sends a signal to exactly this process. Returns false when it no longer runs. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false
  try {
    process.kill(identity.pid, name)
    return true
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false
    throw error
  }
}

/** Waits until the process is gone. Returns false when it still runs after `limitMs` milliseconds. */
export async function waitForEnd(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false
    await sleep(10)
  }
  return true
}

/** Asks the process to end, each signal with its time in milliseconds to work; what is left then is killed. */
export async function endProcess(identity: ProcessIdentity, ...steps: readonly (readonly [NodeJS.Signals, number])[]): Promise<void> {
  for (const [name, limitMs] of steps) {
    if (!signal(identity, name) || await waitForEnd(identity, limitMs)) return
  }
  signal(identity, 'SIGKILL')
  await waitForEnd(identity, 5_000)
}

/** The processes that this one started and that still run. */
export function childrenOf(pid: number): ProcessIdentity[] {
  const pids = process.platform === 'linux' ? readdirSync('/proc').map(Number).filter((candidate) => parentInProc(candidate) === pid) : childrenInPs(pid)
  return pids.map(identify).filter((child) => child !== null)
}

function parentInProc(pid: number): number | null {
  const fields = statFields(pid)
  return fields === null ? null : Number(fields[1])
}

function childrenInPs(pid: number): number[] {
  const table = execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  return table.map((line) => line.trim().split(/\s+/).map(Number)).filter(([, parent]) => parent === pid).map(([child = 0]) => child)
}

/** Field 22 of proc(5)'s stat is the start in ticks since boot; the boot's id makes it unique over restarts of the machine. */
function startInProc(pid: number): string | null {
  const fields = statFields(pid)
  return fields === null || fields[0] === 'Z' || fields[0] === 'X' ? null : `${bootId()}:${fields[19]}`
}

/** The fields of proc(5)'s stat from the third, the state, on: the second, a name in brackets, may hold anything. */
function statFields(pid: number): string[] | null {
  if (!Number.isSafeInteger(pid)) return null
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

let boot: string | undefined

function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return boot
}

function startInPs(pid: number): string | null {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, LC_ALL: 'C' },
    }).trim()
    const [state, ...start] = line.split(/\s+/)
    return state === undefined || state === '' || state.startsWith('Z') ? null : start.join(' ')
  } catch {
    return null
  }
}
