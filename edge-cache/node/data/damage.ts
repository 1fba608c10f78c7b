import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { FoundDamage } from '../../../subgraphs/log/follower.ts'
import { compareKeys, type KeyRange } from '../../../subgraphs/log/ranges.ts'
import type { ReadLog } from '../../../subgraphs/shared/reads.ts'
import type { Tag } from '../../../subgraphs/shared/tags.ts'
import { entities, type EntityName, type ReplicatedEntity } from '../../../subgraphs/storage/entities.ts'
import type { DamageGuard } from '../data.ts'
import { AisleError } from '../../../runtime/errors.ts'

/** What the tables beside the entities' own are read for. */
const readFor: Readonly<Record<string, EntityName>> = { shown_stock: 'stock', overlay_stock: 'stock', overlay_reading: 'reading', overlay_device: 'device' }

/** Tables of a search index: what is read of them depends on the whole of what is indexed. */
const indexPrefix = 'search_'

interface Held {
  readonly ranges: readonly { readonly entity: EntityName; readonly range: KeyRange }[]
  /** Null where all may be damaged. */
  readonly tables: readonly string[] | null
}

const nothing: Held = { ranges: [], tables: [] }

const rowKey = z.array(z.union([z.string(), z.number()])).nullable()
const entityName = z.enum(Object.keys(entities) as EntityName[])
const kept = z.object({ ranges: z.array(z.object({ entity: entityName, range: z.object({ after: rowKey, through: rowKey }) })), tables: z.array(z.string()).nullable() })

/**
 * What of the copy is known to be damaged until a fresh one has taken its place: reads that touch it are refused, for they could be wrong;
 * all others go on. Whether a read touches it, its tags tell. It outlives the process, as the damage does.
 */
export class Damage implements DamageGuard {
  readonly #file: string
  readonly #onChange: () => void
  #held: Held
  #version = 0

  /**
   * @param file keeps what was found over a restart
   * @param onChange told when something is held back, or no longer
   */
  constructor(file: string, onChange: () => void) {
    this.#file = file
    this.#onChange = onChange
    this.#held = read(file)
  }

  get any(): boolean {
    const { ranges, tables } = this.#held
    return tables === null || tables.length > 0 || ranges.length > 0
  }

  /** Grows whenever something else is held back: what was read before may then be wrong. */
  get version(): number {
    return this.#version
  }

  found(found: FoundDamage): void {
    this.#change('ranges' in found ? { ...this.#held, ranges: [...this.#held.ranges, ...found.ranges] } : { ...this.#held, tables: found.tables })
  }

  /** A fresh copy has taken the damaged one's place. */
  mended(): void {
    if (this.any) this.#change(nothing)
  }

  touches(tag: Tag): boolean {
    const { ranges, tables } = this.#held
    if (tables === null) return true
    const [entity = ''] = /^[a-z_]+/.exec(tag) ?? []
    if (tables.some((table) => (readFor[table] ?? table) === entity || isOfIndex(table, tag) || !isKnown(table))) return true
    return ranges.some((damaged) => damaged.entity === entity && meets(damaged.entity, damaged.range, tag))
  }

  touchesAny(tags: readonly Tag[]): boolean {
    return this.any && tags.some((tag) => this.touches(tag))
  }

  /** Has every read refused that touches what is damaged; who listens for longer than an execution is refused what is found later too. */
  guard(reads: ReadLog | undefined): ReadLog {
    if (reads !== undefined && !this.any) return reads
    return {
      note: (tags) => {
        if (this.touchesAny(tags)) throw new AisleError('COPY_DAMAGED')
        reads?.note(tags)
      },
      unkeepable: () => reads?.unkeepable(),
    }
  }

  #change(held: Held): void {
    this.#held = held
    this.#version += 1
    this.#onChange()
    try {
      if (!this.any) return rmSync(this.#file, { force: true })
      writeFileSync(`${this.#file}.new`, JSON.stringify(held))
      renameSync(`${this.#file}.new`, this.#file)
    } catch {
      // A disk that takes nothing: the next process finds out again.
    }
  }
}

/** Tags of whole tables are those that what is derived from them is read under. */
function isOfIndex(table: string, tag: Tag): boolean {
  return table.startsWith(indexPrefix) && (tag === 'product' || tag === 'category')
}

function isKnown(table: string): boolean {
  return table.startsWith(indexPrefix) || Object.hasOwn(readFor, table) || Object.hasOwn(entities, table)
}

/**
 * Whether rows that a tag of this entity stands for may lie in the range. Parts of a key may hold the sign that divides them, so every way to
 * divide the tag counts.
 */
function meets(entity: EntityName, range: KeyRange, tag: Tag): boolean {
  if (!tag.startsWith(`${entity}:`)) return true
  const { key, columns }: ReplicatedEntity = entities[entity]
  const parts = tag.slice(entity.length + 1).split(':')
  return divisions(parts, key.length).some((texts) => {
    const beginning = texts.map((text, nth) => (columns[key[nth] ?? ''] === 'text' ? text : Number(text)))
    const whole = beginning.length === key.length
    if (range.after !== null) {
      const order = compareKeys(beginning, range.after)
      if (order < 0 || (order === 0 && whole)) return false
    }
    return range.through === null || compareKeys(beginning, range.through) <= 0
  })
}

/** The parts joined to at most `most` neighbours, in every way. */
function divisions(parts: readonly string[], most: number): string[][] {
  if (most === 1 || parts.length === 1) return [[parts.join(':')]]
  return parts.flatMap((_part, nth) => {
    const first = parts.slice(0, nth + 1).join(':')
    const rest = parts.slice(nth + 1)
    return rest.length === 0 ? [[first]] : divisions(rest, most - 1).map((others) => [first, ...others])
  })
}

function read(file: string): Held {
  try {
    return kept.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    const absent = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT'
    // What says that something is damaged, and can't be read, may have said anything.
    return absent ? nothing : { ranges: [], tables: null }
  }
}
