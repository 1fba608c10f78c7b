import type { NodeData } from '../../edge-cache/node/data.ts'
import type { Batch } from '../../subgraphs/shared/changes.ts'
import { storeScope } from '../../subgraphs/storage/entities.ts'
import type { SimulatedNode } from './node.ts'
import type { VirtualTime } from './time.ts'

/** A screen in a store: it reads once, then follows what the node tells it, and begins anew whenever that breaks off. */
export class Display {
  /** Levels by product, as the screen has them. */
  shown = new Map<string, number>()
  /** While false, it takes nothing from its connection. */
  reading = true
  /** Whether it follows a process that still runs. */
  get connected(): boolean {
    return this.#following !== null && this.node.life?.data === this.#following
  }

  readonly node: SimulatedNode
  readonly #time: VirtualTime
  readonly #hears: (batch: Batch) => boolean
  #following: NodeData | null = null
  #resume: (() => void) | null = null
  #closed = false

  constructor(node: SimulatedNode, time: VirtualTime, hears: (batch: Batch) => boolean = () => true) {
    this.#hears = hears
    this.node = node
    this.#time = time
    void this.#run()
  }

  readOn(): void {
    this.reading = true
    this.#resume?.()
  }

  close(): void {
    this.#closed = true
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const data = this.node.life?.data ?? null
      if (data !== null && data.status().position !== null) {
        try {
          await this.#follow(data)
        } catch {
          // The node said that something was missed, or is gone: the screen reads anew.
        }
        this.#following = null
      }
      if (this.node.life === null) await this.#started()
      else await this.#time.sleep(500)
    }
  }

  async #started(): Promise<void> {
    const { onStart } = this.node
    await new Promise<void>((resolve) => {
      const listener = (): void => {
        onStart.delete(listener)
        resolve()
      }
      onStart.add(listener)
    })
  }

  async #follow(data: NodeData): Promise<void> {
    const changes = data.changes.subscribe(storeScope(data.storeId))
    this.shown = await levels(data)
    this.#following = data
    for await (const batch of changes) {
      while (!this.reading) await new Promise<void>((resolve) => (this.#resume = resolve))
      if (!this.#hears(batch)) continue
      for (const { entity, key, op, row } of batch.changes) {
        if (entity !== 'stock') continue
        if (op === 'delete') this.shown.delete(String(key[1]))
        else this.shown.set(String(key[1]), Number(row?.on_hand))
      }
    }
  }
}

/** Every level that a node shows now. */
export async function levels(data: NodeData): Promise<Map<string, number>> {
  using session = await data.read()
  return new Map(session.connection.prepare('select product_id, on_hand from stock where store_id = ?').all(data.storeId).map((row) => [String(row.product_id), Number(row.on_hand)]))
}
