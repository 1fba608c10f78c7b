import type { DataStatus, ReadSession } from '../data.ts'
import type { LogPosition } from '../../../subgraphs/shared/changes.ts'
import { instantText } from '../../../subgraphs/shared/instant.ts'

/** What every answer says of its age, as `extensions.edge`. */
export interface Freshness {
  /** RFC 3339; the latest instant at which this answer is known to have been the cloud's. */
  readonly asOf: string | null
  /** '<epoch>:<batch>'. */
  readonly position: string | null
  readonly ageSeconds: number
  readonly online: boolean
  /** What the gateway answered in the node's place, with `*` for the places of a list; absent where everything is the node's own. */
  readonly fromGateway?: readonly string[]
}

/** The instant and the position that were last written out: they stay the same for thousands of answers. */
let lastInstant = { at: Number.NaN, text: '' }
let lastPosition = { epoch: '', batch: Number.NaN, text: '' }

/** The age of an answer read at `position`. */
export function freshness({ asOf, ageSeconds, online }: DataStatus, position: LogPosition | null): Freshness {
  if (asOf !== null && asOf !== lastInstant.at) lastInstant = { at: asOf, text: instantText(asOf) }
  if (position !== null && (position.batch !== lastPosition.batch || position.epoch !== lastPosition.epoch)) {
    lastPosition = { epoch: position.epoch, batch: position.batch, text: `${position.epoch}:${position.batch}` }
  }
  return {
    asOf: asOf === null ? null : lastInstant.text,
    position: position === null ? null : lastPosition.text,
    ageSeconds,
    online,
  }
}

/** The age of what the copy shows now. */
export function currentFreshness(status: DataStatus): Freshness {
  return freshness(status, status.position)
}

/**
 * The age of an answer that was read at a cut. While the copy still stands there, it holds for as long as the copy does; what has come since
 * tells nothing of it, and makes it no younger.
 */
export function freshnessAt(status: DataStatus, { position, asOf }: Pick<ReadSession, 'position' | 'asOf'>): Freshness {
  const now = status.position
  if (position === null || asOf === null || status.asOf === null || (now?.epoch === position.epoch && now.batch === position.batch)) return freshness(status, position)
  return freshness({ ...status, asOf, ageSeconds: status.ageSeconds + Math.max(0, Math.ceil((status.asOf - asOf) / 1000)) }, position)
}

/** How old an answer is, as it is sent: the header `Age`, and what closes the answer's bytes. */
export interface AgeText {
  readonly age: string
  /** ASCII. */
  readonly close: string
}

export function ageText(edge: Freshness): AgeText {
  return { age: String(edge.ageSeconds), close: `,"extensions":{"edge":${JSON.stringify(edge)}}}` }
}

/** The text for answers that hold now, written anew only when it has changed: once a second, or with a batch. */
export function currentAgeText(statusNow: () => DataStatus): () => AgeText {
  let last: DataStatus | null = null
  let text: AgeText = { age: '0', close: '}' }
  return () => {
    const status = statusNow()
    const same =
      last !== null && last.position === status.position && last.asOf === status.asOf && last.ageSeconds === status.ageSeconds && last.online === status.online
    if (!same) {
      text = ageText(freshness(status, status.position))
      last = status
    }
    return text
  }
}
