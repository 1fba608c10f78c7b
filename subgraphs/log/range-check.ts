import type { Machine } from '../../runtime/machine.ts'
import type { Change } from '../shared/changes.ts'
import type { EntityName } from '../storage/entities.ts'
import { isWithin, type EntityDigests, type KeyRange, type RangeDigest } from './ranges.ts'

/** How often an entity is compared whose differing ranges had changes meanwhile, before they are taken for damaged. */
const mostTries = 3

/** A look at all entities of a replica, one after the other. */
export class RangeCheck {
  readonly #machine: Machine
  readonly #left: { readonly entity: EntityName; readonly tries: number }[]
  /** Ranges that do not have the rows that they should. */
  readonly damaged: { readonly entity: EntityName; readonly range: KeyRange }[] = []

  constructor(entities: readonly EntityName[], machine: Machine) {
    this.#machine = machine
    this.#left = entities.map((entity) => ({ entity, tries: 1 }))
  }

  /** What is to be compared next; null at the end. */
  get entity(): EntityName | null {
    return this.#left[0]?.entity ?? null
  }

  /** Leaves the next out, for it can't be compared now. */
  skip(): void {
    this.#left.shift()
  }

  /**
   * Compares the next entity. The replica stands at a batch of the digests' consistent state or later; `touched` are all changes that it took
   * in since before the digests were made. A range that had some is compared again another time, for its difference may be theirs.
   */
  async compare({ ranges }: EntityDigests, touched: readonly Change[], matches: (entity: EntityName, range: RangeDigest) => boolean): Promise<void> {
    const next = this.#left.shift()
    if (next === undefined) return
    const { entity, tries } = next
    const keys = touched.filter((change) => change.entity === entity).map(({ key }) => key)
    let unsure = false
    for (const range of ranges) {
      await this.#machine.turn()
      if (matches(entity, range)) continue
      if (tries < mostTries && keys.some((key) => isWithin(key, range))) unsure = true
      else this.damaged.push({ entity, range: { after: range.after, through: range.through } })
    }
    if (unsure) this.#left.push({ entity, tries: tries + 1 })
  }
}
