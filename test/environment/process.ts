import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../aisle.ts', import.meta.url))

/** A role running as a process of its own. */
export interface RoleProcess extends AsyncDisposable {
  readonly name: string
  readonly url: string
  readonly pid: number
  /** What it has written so far, the end of it. */
  output(): string
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>
  /** Asks it to drain; resolves with its exit code. */
  stop(): Promise<number | null>
}

/**
 * Starts `aisle <args>` and waits until it says where it listens. Its log is shown only when it fails.
 * @param program runs it in place of this Node
 * @throws Error with the role's last output when it ends before it is up.
 */
export async function startRole(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}, program?: string): Promise<RoleProcess> {
  const child = fork(entry, [...args], {
    ...(program === undefined ? {} : { execPath: program }),
    execArgv: ['--no-warnings'],
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output.push(text)
      if (output.length > 5_000) output.shift()
    })
  }
  const url = await Promise.race([listening(child), failed(name, child, output)])
  const exited = once(child, 'exit')
  return {
    name,
    url,
    pid: child.pid ?? -1,
    output: () => output.join(''),
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      child.kill('SIGTERM')
      const [code] = (await exited) as [number | null]
      return code
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
    },
  }
}

async function listening(child: ChildProcess): Promise<string> {
  for (;;) {
    const [message] = (await once(child, 'message')) as [{ ready?: string }]
    if (message.ready !== undefined) return message.ready
  }
}

async function failed(name: string, child: ChildProcess, output: readonly string[]): Promise<never> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  throw new Error(`${name} ended before it was up (${code ?? signal}):\n${output.join('')}`)
}
