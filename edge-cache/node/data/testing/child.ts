import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Outcome } from '../../../../subgraphs/shared/commands.ts'
import type { StockRow } from '../../../../subgraphs/storage/database.ts'
import type { DataStatus } from '../../data.ts'
import type { CrashPoint, NodeRequest } from './node-process.ts'

interface Look {
  readonly status: DataStatus
  readonly onHand: number | null
}

type Asked<Request> = Request extends unknown ? Omit<Request, 'id'> : never

/** A store's data in a process of its own. */
export class NodeChild implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>()
  readonly exited: Promise<void>
  #lastId = 0

  private constructor(child: ChildProcess) {
    this.#process = child
    this.exited = this.#untilExit()
    child.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: string }) => {
      const waiter = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiter?.resolve(result)
      else waiter?.reject(new Error(error))
    })
  }

  /** Starts the process; resolves when its data is open. */
  static async start(directory: string, origin: string, storeId: string, crashAt: CrashPoint = 'never'): Promise<NodeChild> {
    const path = fileURLToPath(new URL('./node-process.ts', import.meta.url))
    const child = new NodeChild(fork(path, [directory, origin, storeId, crashAt], { execArgv: ['--no-warnings'] }))
    await new Promise((resolve, reject) => child.#waiting.set(0, { resolve, reject }))
    return child
  }

  get pid(): number {
    return this.#process.pid ?? -1
  }

  write(operationId: string, productId: string, quantity: number): Promise<Outcome<StockRow, string>> {
    return this.#ask({ type: 'write', operationId, productId, quantity }) as Promise<Outcome<StockRow, string>>
  }

  look(productId: string): Promise<Look> {
    return this.#ask({ type: 'look', productId }) as Promise<Look>
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.kill()
  }

  async #untilExit(): Promise<void> {
    await once(this.#process, 'exit')
    for (const waiter of this.#waiting.values()) waiter.reject(new Error('the process of the node ended'))
    this.#waiting.clear()
  }

  #ask(request: Asked<NodeRequest>): Promise<unknown> {
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      if (this.#process.connected) this.#process.send({ ...request, id })
      else reject(new Error('the process of the node ended'))
    })
  }
}
