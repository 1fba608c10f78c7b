import { parentPort, workerData } from 'node:worker_threads'
import { simulate } from './run.ts'
import { tallyOf, type Tally } from './tally.ts'

/** What one seed came to, as a thread tells it. */
export interface SeedReport {
  readonly seed: number
  readonly fault: string | null
  readonly seconds: number
  readonly writes: number
  readonly batches: number
  readonly tally: Tally
  readonly trace: string
}

const { steps, without } = workerData as { readonly steps: number; readonly without: readonly string[] }

/** Runs the seeds it is given, one after the other. */
parentPort?.on('message', (seed: number | null) => {
  if (seed === null) return parentPort?.close()
  void report(seed).then((told) => parentPort?.postMessage(told, []))
})

async function report(seed: number): Promise<SeedReport> {
  try {
    const { violation, seconds, writes, batches, tally, trace } = await simulate({ seed, steps, without: new Set(without) })
    return { seed, fault: violation?.message ?? null, seconds, writes, batches, tally, trace }
  } catch (error) {
    return { seed, fault: error instanceof Error ? error.message : String(error), seconds: 0, writes: 0, batches: 0, tally: tallyOf(new Map()), trace: '' }
  }
}
