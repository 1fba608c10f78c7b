import { statfsSync } from 'node:fs'
import { thisMachine, type Machine } from '../../../runtime/machine.ts'

/** What readings leave to movements and counts: so many bytes of the disk, or this part of a small one. */
const reservedBytes = 64 * 1024 * 1024
const reservedPart = 1 / 20

const lookEveryMs = 100

/** Sizes in bytes. */
export interface DiskSize {
  readonly free: number
  readonly total: number
}

/** Whether the disk has room for more than what must not be lost. */
export class DiskRoom {
  readonly #size: () => DiskSize | null
  readonly #machine: Machine
  #short = false
  #lookedAt = -Infinity

  /** @param size null where the system does not tell: then there is room until the disk itself says otherwise. */
  constructor(size: () => DiskSize | null, machine: Machine = thisMachine) {
    this.#size = size
    this.#machine = machine
  }

  /** True when what is left is for movements and counts alone. */
  get short(): boolean {
    const now = this.#machine.monotonic()
    if (now - this.#lookedAt < lookEveryMs) return this.#short
    this.#lookedAt = now
    const size = this.#size()
    this.#short = size !== null && size.free < Math.min(reservedBytes, size.total * reservedPart)
    return this.#short
  }
}

/** Of the disk that holds the folder. */
export function diskSizeOf(folder: string): () => DiskSize | null {
  return () => {
    try {
      const { bavail, blocks, bsize } = statfsSync(folder)
      return { free: bavail * bsize, total: blocks * bsize }
    } catch {
      return null
    }
  }
}
