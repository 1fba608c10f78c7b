import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../../../local/processes/ports.ts'
import { BenchProcess } from '../processes.ts'

/** How a target is started. */
export interface TargetDefinition {
  /** As the table names it. */
  readonly name: string
  /** @param port the port to listen at */
  readonly args: (port: number) => readonly string[]
  readonly env?: (port: number) => Readonly<Record<string, string>>
}

/** Longest time to the first answer, in milliseconds. */
const startLimitMs = 60_000

/** A gateway, or a bound, that is running. */
export interface Target extends AsyncDisposable {
  readonly name: string
  readonly url: string
  readonly process: BenchProcess
}

/** Resolves once it answers. @throws Error with what it said when it does not */
export async function startTarget({ name, args, env }: TargetDefinition): Promise<Target> {
  const port = await freePort()
  await using started = new AsyncDisposableStack()
  const process = started.use(new BenchProcess(name, 'gateway', args(port), { NODE_OPTIONS: imageOptions(), ...env?.(port) }))
  const url = `http://127.0.0.1:${port}/graphql`
  await process.during(untilAnswering(url, process))
  started.move()
  return { name, url, process, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() }
}

/** Node's options in our image: every target is started with them, so that nobody has an advantage by them. */
export function imageOptions(): string {
  const options = /^ENV NODE_OPTIONS=(.*)$/m.exec(readFileSync(new URL('../../../../Dockerfile', import.meta.url), 'utf8'))?.[1]
  if (options === undefined) throw new Error('the Dockerfile sets no NODE_OPTIONS')
  return options
}

async function untilAnswering(url: string, process: BenchProcess): Promise<void> {
  for (const deadline = performance.now() + startLimitMs; ; ) {
    const response = await ask(url, '{"query":"{__typename}"}').catch(() => null)
    if (response?.status === 200) return
    if (performance.now() > deadline) throw new Error(`${process.name} does not answer:\n${process.output}`)
    await pause(50)
  }
}

export async function ask(url: string, body: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body })
  return { status: response.status, text: await response.text() }
}

/** @throws Error when the target gives another answer than it must */
export function checkAnswer(name: string, text: string, expected: unknown): void {
  if (!isDeepStrictEqual(JSON.parse(text), expected)) throw new Error(`${name} answers something else than it must: ${text.slice(0, 500)}`)
}
