import { parentPort, workerData } from 'node:worker_threads'
import { simulate } from './run.ts'

/** What one seed came to, as a thread tells it. */
export interface SeedReport {
  readonly seed: number
  readonly fault: string | null
  readonly seconds: number
  readonly writes: number
  readonly batches: number
}

const { steps, without } = workerData as { readonly steps: number; readonly without: readonly string[] }

/** Runs the seeds it is given, one after the other. */
parentPort?.on('message', (seed: number | null) => {
  if (seed === null) return parentPort?.close()
  void report(seed).then((told) => parentPort?.postMessage(told, []))
})

async function report(seed: number): Promise<SeedReport> {
  try {
    const { violation, seconds, writes, batches } = await simulate({ seed, steps, without: new Set(without) })
    return { seed, fault: violation?.message ?? null, seconds, writes, batches }
  } catch (error) {
    return { seed, fault: error instanceof Error ? error.message : String(error), seconds: 0, writes: 0, batches: 0 }
  }
}
