import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { ThreadData } from './invert-thread.ts'
import type { SweepWork } from './sweep.ts'
import { tileLength, type SymmetricTiles } from './tiles.ts'

export interface InvertOptions {
  /** All cores without it. */
  readonly threads?: number
  /** Share of the work that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/** Turns a symmetric positive definite matrix, in place, into −(its inverse); on threads, so that this one stays free. */
export async function invertNegative(matrix: SymmetricTiles, options: InvertOptions = {}): Promise<void> {
  const threads = Math.max(1, Math.min(options.threads ?? availableParallelism(), matrix.tiles))
  const panel = (): Float64Array<SharedArrayBuffer> => new Float64Array(new SharedArrayBuffer(matrix.tiles * tileLength * Float64Array.BYTES_PER_ELEMENT))
  const work: SweepWork = { matrix, column: panel(), scaled: panel(), barrier: new Int32Array(new SharedArrayBuffer(8)), threads }
  const workers = Array.from({ length: threads }, (_, thread) => {
    const workerData: ThreadData = { work, thread }
    return new Worker(new URL('invert-thread.ts', import.meta.url), { workerData })
  })
  workers[0]?.on('message', (done: number) => options.onProgress?.(done / matrix.tiles))
  try {
    await Promise.all(workers.map((worker) => once(worker, 'exit')))
  } finally {
    // One that failed leaves the others waiting for it.
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}
