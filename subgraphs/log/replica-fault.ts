import { AisleError } from '../../runtime/errors.ts'
import type { RangeTarget } from './range-copy.ts'

/** The replica could not take what the source gave; it says nothing of the link. */
export class ReplicaFault extends Error {
  override readonly name = 'ReplicaFault'
}

/** Runs what concerns the replica alone. */
export function local<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw ofReplica(error)
  }
}

export async function localWork<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw ofReplica(error)
  }
}

function ofReplica(error: unknown): unknown {
  return AisleError.is(error) ? error : new ReplicaFault(error instanceof Error ? error.message : String(error), { cause: error })
}

/** Faults of the file where the ranges are put together are the replica's. */
export function localTarget(target: RangeTarget): RangeTarget {
  return {
    has: (entity, range) => local(() => target.has(entity, range)),
    put: (entity, range, rows) => local(() => target.put(entity, range, rows)),
    place: (header) => local(() => target.place(header)),
  }
}
