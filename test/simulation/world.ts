import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Batch } from '../../subgraphs/shared/changes.ts'
import { Random } from '../differential/random.ts'
import { CloudAudit } from './cloud-audit.ts'
import { ModelCloud, type PlantedInLog } from './cloud/cloud.ts'
import { ModelOrigin, type OriginAnswer, type OriginQuestion } from './cloud/origin.ts'
import { Display } from './display.ts'
import { Ledger } from './ledger.ts'
import { NodeAudit, type LogLife, type Place } from './node-audit.ts'
import { SimulatedNode, type Planted } from './node.ts'
import { SimulatedSequencer } from './sequencer.ts'
import { settle, VirtualTime } from './time.ts'

/** Products that are only sold and received, and products that are also counted. */
export const movedProducts = ['tea', 'milk', 'rice'] as const
export const countedProducts = ['salt', 'soap', 'never'] as const
export const products = [...movedProducts, ...countedProducts]

const hourMs = 3_600_000

/** A bug somewhere in what a simulation wires together. */
export type PlantedBug = Planted & PlantedInLog & {
  /** Stands between the links and origin. */
  readonly between?: (world: World, question: OriginQuestion, answer: () => Promise<OriginAnswer>) => Promise<OriginAnswer>
  /** What a screen takes in of what it is told. */
  readonly hears?: (batch: Batch) => boolean
}

export interface WorldOptions {
  readonly seed: number
  /** What is put together otherwise than in the product, to see whether it is noticed. */
  readonly planted?: PlantedBug
  readonly note: (text: string) => void
}

/** One chain: its cloud, its stores' nodes with their disks and links, its screens, all on one virtual time. */
export class World implements AsyncDisposable {
  readonly time = new VirtualTime()
  /** What is drawn from it belongs to the present step alone: a step that is left out changes no other. */
  random: Random
  readonly cloud: ModelCloud
  readonly origin: ModelOrigin
  readonly sequencers: readonly SimulatedSequencer[]
  readonly nodes: SimulatedNode[] = []
  readonly displays: Display[] = []
  readonly ledger = new Ledger()
  readonly cloudAudit: CloudAudit
  readonly storeIds = ['S1', 'S2', 'S3']
  readonly folder: string
  readonly note: (text: string) => void
  /** How often what happened. */
  readonly counts = new Map<string, number>()
  readonly count = (name: string): void => void this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  /** No node can be started. */
  dark = false
  readonly #audits: NodeAudit[] = []
  /** Lives of the log that ended, and when, in virtual time. */
  readonly #logs: LogLife[] = []
  readonly #planted: PlantedBug
  /** What a timer or a promise of the simulation itself raised. */
  #fault: unknown = null

  constructor({ seed, planted = {}, note }: WorldOptions) {
    this.random = new Random(seed)
    this.note = (text) => note(`${(this.time.now / 1000).toFixed(3)} ${text}`)
    this.#planted = planted
    this.folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'aisle-sim-'))
    this.cloud = new ModelCloud(() => Math.floor(this.time.now), planted)
    this.origin = new ModelOrigin(this.cloud, this.time, this.count)
    this.cloudAudit = new CloudAudit(this.cloud)
    this.sequencers = [0, 1].map(() => new SimulatedSequencer(this.cloud, this.time, this.#ownRandom(), this.count, (work) => this.background(work)))
    this.cloud.rows.onCapture = () => {
      for (const sequencer of this.sequencers) sequencer.wake()
    }
    this.#furnish()
    for (const storeId of this.storeIds.slice(0, this.random.integer(2, 3))) this.addNode(`node-${storeId}`, storeId)
    for (const node of this.nodes) this.displays.push(new Display(node, this.time, planted.hears))
    this.#keepUp()
  }

  addNode(name: string, storeId: string): SimulatedNode {
    const node = new SimulatedNode({
      name, storeId, folder: this.folder, time: this.time, random: this.#ownRandom(),
      answer: (question) => this.#asked(question),
      planted: this.#planted,
      note: this.note,
      count: this.count,
      onKilled: () => void this.time.after(this.random.integer(10, 20_000), () => this.start(node)),
    })
    this.nodes.push(node)
    this.#audits.push(new NodeAudit(node, (place) => this.#livesOf(place), () => this.time.now))
    return node
  }

  /** Starts a node's process; what it raises is the run's. */
  start(node: SimulatedNode): void {
    if (this.dark || node.life !== null || node.starting) return
    if (node.graves.size > 0) {
      // The one before has not let go of the directory yet.
      this.time.after(200, () => this.start(node))
      return
    }
    node.start().catch((error: unknown) => (this.#fault ??= error))
  }

  /** Lets time pass, and looks at everything whenever something has happened. */
  async pass(ms: number): Promise<void> {
    await this.time.pass(ms, () => this.check())
  }

  async check(always = false): Promise<void> {
    for (const audit of this.#audits) await audit.check(always)
    if (this.#fault !== null) throw this.#fault
  }

  /** What somebody does in the world while time passes; what it raises is the run's. */
  background(work: Promise<unknown>): void {
    work.catch((error: unknown) => (this.#fault ??= error))
  }

  /** The log is about to begin another life: what it was stays known. */
  keepLog(): void {
    this.#logs.push({ log: this.cloud.log, until: this.time.now })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const display of this.displays) display.close()
    for (const audit of this.#audits) audit.close()
    for (const node of this.nodes) node.kill()
    for (let turns = 0; turns < 100 && this.nodes.some(({ graves }) => graves.size > 0); turns += 1) {
      await this.time.pass(1_000, async () => {})
      await settle()
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  #asked(question: OriginQuestion): Promise<OriginAnswer> {
    try {
      this.cloudAudit.checkNames(question)
    } catch (error) {
      this.#fault ??= error
    }
    const answer = (): Promise<OriginAnswer> => this.origin.answer(question)
    return this.#planted.between?.(this, question, answer) ?? answer()
  }

  #furnish(): void {
    const { rows } = this.cloud
    for (const id of this.storeIds) rows.write({ entity: 'store', row: { id, name: `Store ${id}`, timezone: 'Europe/London' } })
    for (const id of products) rows.write({ entity: 'product', row: { id, name: id, attributes: '[]' } })
    for (const storeId of this.storeIds) {
      rows.write({ entity: 'device', row: { id: `freezer-${storeId}`, store_id: storeId, kind: 'FREEZER', status: 'UNKNOWN', shows: '[]' } })
      for (const productId of products) {
        if (productId === 'never') continue
        const onHand = this.random.integer(0, 40)
        rows.write({ entity: 'stock', row: { store_id: storeId, product_id: productId, on_hand: onHand, reorder_point: 2, order_up_to: 9, updated_at: 1 } })
        this.cloudAudit.opens(storeId, productId, onHand)
        rows.write({ entity: 'store_price', row: { store_id: storeId, product_id: productId, amount_minor: this.random.integer(1, 999), currency: 'GBP', updated_at: 1 } })
      }
    }
  }

  /** Origin looks after its log, with what it is told by default. */
  #keepUp(): void {
    this.time.after(6 * hourMs, () => {
      this.cloud.upkeep({ compactAfterMs: 24 * hourMs, retentionMs: 14 * 24 * hourMs })
      this.#keepUp()
    })
  }

  #ownRandom(): Random {
    return new Random(this.random.integer(1, 2_000_000_000))
  }

  /** The lives of the log that have this batch under this stamp, the present one first. */
  #livesOf({ epoch, batch, stamp }: Place): LogLife[] {
    return [{ log: this.cloud.log, until: Infinity }, ...this.#logs].filter(({ log }) => log.epoch === epoch && log.states.has(batch) && (log.stamps.get(batch) ?? null) === stamp)
  }
}
