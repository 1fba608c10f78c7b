import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = '/sys/fs/cgroup'
const periodMicroseconds = 100_000

/** What the kernel lets a group of processes have. */
export interface Limits {
  readonly memoryBytes: number
  /** Of one core. */
  readonly cores: number
}

/** A group that the kernel holds to its limits, as it does a container. */
export interface LimitedGroup extends AsyncDisposable {
  /** Runs this Node within the limits, from its first instruction on. */
  readonly program: string
  /** The most memory that it was charged with, its share of the system's cache of files too, in bytes. */
  mostMemory(): number
  /** How long it was held up for want of its part of a core, in seconds. */
  heldUpSeconds(): number
}

/** Null where this user cannot make such groups (control groups of version 1, as root). @param folder holds the program */
export function limitedGroup(folder: string, { memoryBytes, cores }: Limits): LimitedGroup | null {
  const name = `aisle-test-${process.pid}-${Date.now()}`
  const made: string[] = []
  const make = (controller: string, limit: string, value: number): string => {
    const path = join(root, controller, ownGroup(controller), name)
    mkdirSync(path)
    made.push(path)
    writeFileSync(join(path, limit), String(value))
    return path
  }
  try {
    if (!existsSync(join(root, 'memory')) || !existsSync(join(root, 'cpu'))) return null
    const memory = make('memory', 'memory.limit_in_bytes', memoryBytes)
    const cpu = make('cpu', 'cpu.cfs_quota_us', cores * periodMicroseconds)
    const program = join(folder, 'within-limits')
    writeFileSync(program, `#!/bin/sh\n${made.map((path) => `echo $$ > '${path}/cgroup.procs' || exit 1\n`).join('')}exec '${process.execPath}' "$@"\n`)
    chmodSync(program, 0o755)
    return {
      program,
      mostMemory: () => Number(readFileSync(join(memory, 'memory.max_usage_in_bytes'), 'utf8')),
      heldUpSeconds: () => Number(/throttled_time (\d+)/.exec(readFileSync(join(cpu, 'cpu.stat'), 'utf8'))?.[1]) / 1e9,
      async [Symbol.asyncDispose]() {
        for (const path of made) await removed(path)
      },
    }
  } catch {
    for (const path of made) rmdirSync(path)
    return null
  }
}

function ownGroup(controller: string): string {
  const line = readFileSync('/proc/self/cgroup', 'utf8').split('\n').find((text) => text.split(':')[1]?.split(',').includes(controller))
  return line?.split(':')[2] ?? '/'
}

/** A group can be removed as soon as the last of its processes has left it. */
async function removed(path: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return rmdirSync(path)
    } catch (error) {
      if (tries === 100) throw error
      await sleep(50)
    }
  }
}
