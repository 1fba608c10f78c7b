import type { DataStatus } from '../data.ts'
import type { LogPosition } from '../../../subgraphs/shared/changes.ts'

/** What every answer says of its age, as `extensions.edge`. */
export interface Freshness {
  /** RFC 3339; the latest instant at which this answer is known to have been the cloud's. */
  readonly asOf: string | null
  /** '<epoch>:<batch>'. */
  readonly position: string | null
  readonly ageSeconds: number
  readonly online: boolean
}

/** The age of an answer read at `position`. */
export function freshness(status: DataStatus, position: LogPosition | null): Freshness {
  return {
    asOf: status.asOf === null ? null : new Date(status.asOf).toISOString(),
    position: position === null ? null : `${position.epoch}:${position.batch}`,
    ageSeconds: status.ageSeconds,
    online: status.online,
  }
}
