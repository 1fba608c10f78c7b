import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import type { NodeData } from '../../edge-cache/node/data.ts'
import { openNodeData } from '../../edge-cache/node/data/index.ts'
import { Moves } from '../../edge-cache/node/cache/moves.ts'
import { Registry } from '../../runtime/metrics.ts'
import type { ReplicaExtension } from '../../subgraphs/storage/sqlite/extension.ts'
import { checkFile } from '../../subgraphs/storage/sqlite/file-check.ts'
import type { RunFileTask } from '../../subgraphs/storage/sqlite/file-tasks.ts'
import type { Random } from '../differential/random.ts'
import type { OriginAnswer, OriginQuestion } from './cloud/origin.ts'
import { copyDisk, fillDisk, removeDisk, type FlippedRow } from './disk.ts'
import { SimulatedLink } from './link.ts'
import { SimulatedMachine } from './machine.ts'
import { simulatedThreads, type SimulatedThreads } from './outbox-thread.ts'
import type { Count } from './tally.ts'
import type { VirtualTime } from './time.ts'

/** There are few tags, and many processes. */
const moveBits = 8

/** A thread would end its work at an instant of its own. */
const checkInPlace: RunFileTask = async (task) => {
  if (task.kind !== 'check') throw new Error('No extension of a simulation is derived elsewhere.')
  return checkFile(task.file, task.audits)
}

/** The longest pause between two tries of a patient node, in milliseconds. */
const patientMs = 6 * 60 * 60 * 1000

/** Where a process can be told to die. */
export const crashPoints = ['page received', 'batch applied, not committed', 'write not committed', 'write committed', 'delivery recorded', 'copying'] as const
export type CrashPoint = (typeof crashPoints)[number]

/** What a simulation may change in how its nodes are put together, to see whether it notices. */
export interface Planted {
  readonly extension?: ReplicaExtension
  /** Changes what a kill leaves on the disk. */
  readonly leaves?: (disk: string, random: Random) => void
  /** Names the processes. */
  readonly mint?: () => string
  /** What a middlebox's answers carry besides its own. */
  readonly disguise?: Readonly<Record<string, string>>
}

export interface SimulatedNodeOptions {
  readonly name: string
  readonly storeId: string
  /** Folder for this node's disks. */
  readonly folder: string
  readonly time: VirtualTime
  readonly random: Random
  readonly answer: (question: OriginQuestion) => Promise<OriginAnswer>
  readonly planted: Planted
  readonly note: (text: string) => void
  readonly count: Count
  /** The process died where it was told to. */
  readonly onKilled: () => void
}

/** One life of a node's process. */
export interface Life {
  readonly data: NodeData
  readonly metrics: Registry
  readonly machine: SimulatedMachine
  readonly threads: SimulatedThreads
  readonly directory: string
  /** From when on, in virtual time, outbox and overlay must agree. */
  calmFrom: number
  /** How often this process has said that acknowledged writes are lost. */
  losses: number
  /** The newest position this process has shown. */
  shown: { readonly epoch: string; readonly batch: number; readonly stamp: string | null } | null
}

/** How long, in milliseconds, a node may take to bring its two files in line after something went wrong between them. */
export const calmAfterMs = 5_000

/** A store's node: the real thing, on a machine, a disk and a link that can fail. */
export class SimulatedNode {
  readonly name: string
  readonly storeId: string
  readonly link: SimulatedLink
  /** Null while no process runs. */
  life: Life | null = null
  /** Where the next process dies. */
  armed: CrashPoint | null = null
  wallAhead = 0
  /** The next process tries seldom to reach origin, so that weeks without it are few events. */
  patient = false
  diskFull = false
  fsyncMs = 3
  /** Rows that were changed on the medium, and that nobody has found yet or mended. */
  readonly flipped: FlippedRow[] = []
  /** How many writes were lost by what happened to the disk, in the node's own words. */
  reportedLosses = 0
  readonly #options: SimulatedNodeOptions
  #disks = 0
  #directory: string
  #starting = false
  /** The disk comes from an image, which may have been made when it was fuller, or emptier. */
  #restored = false
  /** Told when a process has begun to serve. */
  readonly onStart = new Set<() => void>()
  /** Processes that are ending. */
  readonly graves = new Set<Promise<void>>()

  constructor(options: SimulatedNodeOptions) {
    const { name, storeId, folder, time, random, answer, count, planted } = options
    this.#options = options
    this.name = name
    this.storeId = storeId
    this.#directory = join(folder, name, '0')
    this.link = new SimulatedLink({
      time,
      random,
      answer,
      count,
      ...(planted.disguise === undefined ? {} : { disguise: planted.disguise }),
      onDone: ({ method }) => {
        if (method === 'POST') this.#diesAt('delivery recorded')
      },
    })
  }

  /** Of the disk that the next process starts on. */
  get directory(): string {
    return this.#directory
  }

  get starting(): boolean {
    return this.#starting
  }

  async start(): Promise<void> {
    if (this.life !== null || this.#starting) return
    const { storeId, time, random, planted, note, name } = this.#options
    this.#starting = true
    const directory = this.#directory
    mkdirSync(directory, { recursive: true })
    if (this.#restored) fillDisk(directory, this.diskFull)
    this.#restored = false
    const machine = new SimulatedMachine(time, random, this.wallAhead)
    const threads = simulatedThreads({
      machine,
      fsyncMs: () => this.fsyncMs,
      mint: planted.mint ?? (() => machine.uuid()),
      onCommit: (when) => void this.#diesAt(when === 'before' ? 'write not committed' : 'write committed'),
    })
    const losses = { count: 0 }
    const log = pino({ level: 'info', base: null, timestamp: false }, {
      write: (line: string) => {
        if (machine.dead) return
        if (line.includes('that were acknowledged are lost') || line.includes('the outbox was damaged')) losses.count += 1
        note(`${name}: ${line.trim().slice(0, 300)}`)
      },
    })
    const crash: ReplicaExtension = { name: 'crash', version: 1, create() {}, rebuild: () => this.#crashHere('copying'), apply: () => this.#crashHere('batch applied, not committed') }
    const metrics = new Registry()
    const transport = this.link.transport(() => !machine.dead)
    try {
      const data = await openNodeData({
        storeId,
        directory,
        origin: 'http://origin',
        extensions: [crash, ...(planted.extension === undefined ? [] : [planted.extension])],
        log,
        metrics,
        machine,
        startOutboxThread: threads.start,
        runFileTask: checkInPlace,
        moves: new Moves(moveBits),
        ...(this.patient ? { mostPauseMs: patientMs } : {}),
        transport: {
          ...transport,
          request: async (request) => {
            const answer = await transport.request(request)
            if (request.method === 'GET') this.#crashHere('page received')
            return answer
          },
        },
      })
      const life: Life = {
        data, metrics, machine, threads, directory, calmFrom: time.now + calmAfterMs, shown: null,
        get losses() {
          return losses.count
        },
      }
      this.life = life
      for (const listener of this.onStart) listener()
    } finally {
      this.#starting = false
    }
  }

  /** SIGTERM. */
  stop(): void {
    const { life } = this
    if (life === null) return
    this.life = null
    this.reportedLosses += life.losses
    this.#bury(life)
  }

  /** kill -9: the disk stays as it is at this very moment. */
  kill(): void {
    const { life } = this
    if (life === null) return
    this.life = null
    this.reportedLosses += life.losses
    this.armed = null
    const disk = this.newDisk()
    copyDisk(life.directory, disk)
    this.#options.planted.leaves?.(disk, this.#options.random)
    life.machine.dead = true
    life.threads.kill()
    this.#bury(life, () => removeDisk(life.directory))
  }

  /** Copies the disk as it is now. */
  image(to: string): void {
    copyDisk(this.#directory, to)
  }

  /** Puts a copy of a disk in place of the present one; no process may run. */
  restore(from: string): void {
    copyDisk(from, this.newDisk())
    this.diskChanged()
  }

  /** Something was done to the disk behind the process's back. */
  diskChanged(): void {
    this.#restored = true
  }

  newDisk(): string {
    this.#disks += 1
    this.#directory = join(this.#options.folder, this.name, String(this.#disks))
    mkdirSync(this.#directory, { recursive: true })
    return this.#directory
  }

  fill(full: boolean): void {
    this.diskFull = full
    fillDisk(this.#directory, full)
    if (this.life !== null) this.life.calmFrom = this.#options.time.now + calmAfterMs
  }

  /** Resolves when every process that was told to end has done so. */
  async ended(): Promise<void> {
    await Promise.all(this.graves)
  }

  #bury({ data }: Life, then: () => void = () => {}): void {
    const end = async (): Promise<void> => {
      try {
        await data[Symbol.asyncDispose]()
      } catch (error) {
        this.#options.note(`${this.name}: a process did not end well: ${String(error)}`)
      }
      then()
    }
    const grave = end()
    this.graves.add(grave)
    void grave.then(() => this.graves.delete(grave))
  }

  #crashHere(point: CrashPoint): void {
    if (this.#diesAt(point)) throw new Error('killed')
  }

  /** Whether the process ends here. */
  #diesAt(point: CrashPoint): boolean {
    if (this.armed !== point || this.life === null) return false
    this.#options.note(`${this.name}: killed at "${point}"`)
    this.#options.count(`killed at: ${point}`)
    this.kill()
    this.#options.onKilled()
    return true
  }
}
