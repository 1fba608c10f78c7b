import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('../../', import.meta.url))

/** What one role can be told. */
export interface CommandLine {
  readonly flags: ReadonlySet<string>
  /** Environment variables that stand for flags. */
  readonly variables: ReadonlySet<string>
  /** Which flag each of these stands for. */
  readonly flagOf: ReadonlyMap<string, string>
}

/** Asks the real command line for the settings of a role. */
export function commandLineOf(role: string): CommandLine {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ['aisle.ts', role, '--help'], { cwd: project, encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`aisle ${role} --help failed: ${stderr}`)
  return {
    flags: new Set([...stdout.matchAll(/^\s+(--[a-z-]+)/gm)].map(([, flag = '']) => flag)),
    variables: new Set([...stdout.matchAll(/env:\s+([A-Z_]+)/g)].map(([, name = '']) => name)),
    flagOf: new Map([...stdout.matchAll(/^\s+(--[a-z-]+)(?:(?!^\s+--)[^])*?env:\s+([A-Z_]+)/gm)].map(([, flag = '', name = '']) => [name, flag])),
  }
}
