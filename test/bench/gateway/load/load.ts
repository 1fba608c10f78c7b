import { fileURLToPath } from 'node:url'
import { BenchProcess } from '../processes.ts'
import type { LoadMessage, LoadOrder, LoadResult } from './serve.ts'

export type { LoadOrder, LoadResult } from './serve.ts'

/** The process that plays the clients. */
export class Load implements AsyncDisposable {
  readonly #process: BenchProcess<LoadMessage>

  constructor(process: BenchProcess<LoadMessage>) {
    this.#process = process
  }

  static async start(): Promise<Load> {
    await using started = new AsyncDisposableStack()
    const process = started.use(new BenchProcess<LoadMessage>('the load', 'others', [fileURLToPath(new URL('serve.ts', import.meta.url))]))
    await process.message((message) => ('phase' in message ? true : undefined))
    started.move()
    return new Load(process)
  }

  /** @param onPhase called when what is measured begins, and when it ends */
  async run(order: LoadOrder, onPhase: (phase: 'measuring' | 'measured') => void = () => {}): Promise<LoadResult> {
    const result = this.#process.message((message) => {
      if ('result' in message) return message.result
      if (message.phase !== 'ready') onPhase(message.phase)
      return undefined
    })
    this.#process.send(order)
    return await result
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]()
  }
}
