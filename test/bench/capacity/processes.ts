import { readFile } from 'node:fs/promises'
import { childrenOf } from '../../../local/processes/identity.ts'

/** What a role says of itself in its metrics. */
export async function roleFigures(url: string): Promise<{ cpuSeconds: number; memoryBytes: number }> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const figure = (name: string): number => Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)`, 'm').exec(text)?.[1])
  return { cpuSeconds: figure('process_cpu_seconds_total'), memoryBytes: figure('process_resident_memory_bytes') }
}

/** Ticks of the clock that Linux counts processor time by. */
const ticksPerSecond = 100

/** Processor time of a Postgres with all its sessions, those that have ended too; 0 where it cannot be told. */
export async function postgresSeconds(pid: number): Promise<number> {
  if (process.platform !== 'linux') return 0
  const own = await ticksOf(pid)
  const sessions = await Promise.all(childrenOf(pid).map(async (child) => (await ticksOf(child.pid)).self))
  return sessions.reduce((sum, ticks) => sum + ticks, own.self + own.ended) / ticksPerSecond
}

/** Fields 14 to 17 of proc(5)'s stat; the second, a name in brackets, may hold anything. */
async function ticksOf(pid: number): Promise<{ self: number; ended: number }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = text.slice(text.lastIndexOf(')') + 2).split(' ').slice(11, 15).map(Number)
  return { self: user + system, ended: endedUser + endedSystem }
}
