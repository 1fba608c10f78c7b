import { setImmediate as turn } from 'node:timers/promises'
import type { OperationCache } from '../execute/operation-cache.ts'

export interface WarmUpOptions {
  /** Most operations that are prepared. */
  readonly count: number
  /** Longest time for it, in milliseconds. */
  readonly limitMs: number
}

/**
 * Prepares for a new version what the one before was asked for most, so that the swap does not show in anyone's latency.
 * @returns how many operations are ready; those that the new version refuses are left for their clients to hear of
 */
export async function warmUp(before: OperationCache, after: OperationCache, { count, limitMs }: WarmUpOptions): Promise<number> {
  const deadline = performance.now() + limitMs
  let ready = 0
  for (const { text, operationName, prepared } of before.mostUsed(count)) {
    const remainingMs = deadline - performance.now()
    if (remainingMs <= 0) break
    try {
      if (await withinTime(after.prepare(text, operationName, () => true).prepareAs(prepared), remainingMs)) ready++
    } catch {
      continue
    }
    // Whoever asks meanwhile is served by the version before, without waiting for all of this.
    await turn()
  }
  return ready
}

/** False when the work takes longer; it goes on, and nobody waits for it. */
async function withinTime(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
