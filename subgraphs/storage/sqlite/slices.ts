import type { Machine } from '../../../runtime/machine.ts'

/** How long a slice of work may keep everybody else waiting, in milliseconds. */
const sliceMs = 4

/** Runs work that may pause, without a pause. */
export function atOnce<Result>(work: Generator<undefined, Result>): Result {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Runs it a few milliseconds at a time, so that who is served on this thread has turns in between. When `stop` aborts, its `finally` runs and the reason is thrown. */
export async function inSlices<Result>(work: Generator<undefined, Result>, machine: Machine, stop?: AbortSignal): Promise<Result> {
  for (;;) {
    const until = machine.monotonic() + sliceMs
    do {
      const step = work.next()
      if (step.done === true) return step.value
    } while (machine.monotonic() < until)
    await machine.turn()
    if (stop?.aborted === true) work.throw(stop.reason)
  }
}
