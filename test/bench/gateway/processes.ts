import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

/** Which core a process may use: gateways have one for themselves, all that stands around them shares the other. */
export type Core = 'gateway' | 'others'

/** Null where processes cannot be held on one core. */
export const pinning = availableParallelism() > 1 && existsSync('/usr/bin/taskset') ? '/usr/bin/taskset' : null

export const coreOf: Record<Core, string> = { gateway: '0', others: '1' }

/** Ticks of /proc's clock a second; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100

/** A Node process of the benchmark, with a channel to it that brings messages of type `M`. */
export class BenchProcess<M = unknown> implements AsyncDisposable {
  readonly name: string
  readonly child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #said: string[] = []

  constructor(name: string, core: Core, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.name = name
    const command = [process.execPath, '--no-warnings', ...args]
    const [program = '', ...rest] = pinning === null ? command : [pinning, '-c', coreOf[core], ...command]
    this.child = spawn(program, rest, { env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said.push(text)
        if (this.#said.length > 50) this.#said.shift()
      })
    }
    this.#ended = once(this.child, 'exit')
  }

  get output(): string {
    return this.#said.join('')
  }

  /** Fails when the process ends before the work does. */
  async during<T>(work: Promise<T>): Promise<T> {
    const death = this.#ended.then(() => {
      throw new Error(`${this.name} ended unexpectedly:\n${this.output}`)
    })
    return await Promise.race([work, death])
  }

  /** The next message for which `pick` gives something. */
  message<T>(pick: (message: M) => T | undefined): Promise<T> {
    return this.during(
      new Promise((resolve) => {
        const take = (message: M): void => {
          const picked = pick(message)
          if (picked === undefined) return
          this.child.off('message', take)
          resolve(picked)
        }
        this.child.on('message', take)
      }),
    )
  }

  send(message: object | string): void {
    this.child.send(message)
  }

  /** Seconds of processor time used so far; null where the system does not say. */
  async cpuSeconds(): Promise<number | null> {
    return (await this.#cpuOfThreads()) ?? (await this.#cpuInTicks())
  }

  /** To the nanosecond: the ticks of the other count are too long for short slices. */
  async #cpuOfThreads(): Promise<number | null> {
    const threads = `/proc/${this.child.pid}/task`
    const texts = await Promise.all((await readdir(threads).catch(() => [])).map((thread) => readFile(`${threads}/${thread}/schedstat`, 'utf8').catch(() => '')))
    const nanoseconds = texts.reduce((sum, text) => sum + Number(text.split(' ', 1)[0]), 0)
    return nanoseconds > 0 ? nanoseconds / 1e9 : null
  }

  async #cpuInTicks(): Promise<number | null> {
    const text = await readFile(`/proc/${this.child.pid}/stat`, 'utf8').catch(() => null)
    if (text === null) return null
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  }

  /** The most memory that was resident at once, in MB; null where the system does not say. */
  async peakMemory(): Promise<number | null> {
    return await this.#memory('VmHWM')
  }

  /** The memory that is resident now, in MB. */
  async memory(): Promise<number | null> {
    return await this.#memory('VmRSS')
  }

  async #memory(name: string): Promise<number | null> {
    const text = await readFile(`/proc/${this.child.pid}/status`, 'utf8').catch(() => '')
    const match = new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)
    return match === null ? null : Number(match[1]) / 1024
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.#ended
  }
}
