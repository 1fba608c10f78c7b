import { statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { join } from 'node:path'
import type { KeptOperation } from '../../edge-cache/node/data/outbox/operation.ts'
import { effectOf, type StockEvent } from '../../edge-cache/node/data/overlay/effects.ts'
import { operationColumns, toOperation } from '../../edge-cache/node/data/outbox/schema.ts'
import { silenceMs } from '../../edge-cache/node/data/link.ts'
import type { ReadSession } from '../../edge-cache/node/data.ts'
import { chainScope, entities, storeScope, type EntityName } from '../../subgraphs/storage/entities.ts'
import { readBooks } from '../../subgraphs/storage/sqlite/replica-state.ts'
import type { Row } from './cloud/rows.ts'
import type { ScopeState, StoredLog } from './cloud/log.ts'
import { levelOf } from './cloud-audit.ts'
import type { Life, SimulatedNode } from './node.ts'
import { hold } from './violation.ts'

/** Entities that a simulation writes to. */
const audited: readonly EntityName[] = ['store', 'product', 'stock', 'store_price', 'device', 'reading', 'edge_operation']

const columnsOf = new Map(audited.map((entity) => [entity, Object.keys(entities[entity].columns)]))

const none: ReadonlyMap<string, Row> = new Map()

/** The connections of a node live as long as its process: what is asked of each again and again is prepared once. */
const prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>()

/** A position, and what marks its batch; null where nothing does. */
export interface Place {
  readonly epoch: string
  readonly batch: number
  readonly stamp: string | null
}

/** A log, and when it was taken back, in virtual time. */
export interface LogLife {
  readonly log: StoredLog
  readonly until: number
}

/** How much later than the clock can tell an answer of origin may be, in milliseconds, on the slowest of the simulated links. */
const slackMs = 90_000

/** Checks one node against what the cloud's log says it must hold. */
export class NodeAudit {
  readonly #node: SimulatedNode
  /** The lives of the log that have this batch under this stamp, the newest first. */
  readonly #livesOf: (place: Place) => readonly LogLife[]
  readonly #now: () => number
  #audited: { readonly life: Life; readonly generation: string; readonly place: Place } | null = null
  /** What each entity was found to hold in this life: a table of the log that is no other one is not looked at again. */
  #found: { readonly life: Life; readonly tables: Map<EntityName, readonly unknown[]> } | null = null
  #outbox: { readonly life: Life; readonly inode: number; readonly connection: DatabaseSync; version: unknown; kept: KeptOperation[] } | null = null

  constructor(node: SimulatedNode, livesOf: (place: Place) => readonly LogLife[], now: () => number) {
    this.#node = node
    this.#livesOf = livesOf
    this.#now = now
  }

  /** Looks at a node that has just done something; `always` looks even where nothing seems to have changed. */
  async check(always = false): Promise<void> {
    const { life } = this.#node
    if (life === null) return
    this.#checkLink(life)
    const { position, pendingOperations } = life.data.status()
    if (position === null) return
    const generation = `${position.epoch} ${position.batch} ${pendingOperations} ${life.data.moves.clock}`
    if (always || this.#audited?.life !== life || this.#audited.generation !== generation) {
      using session = await life.data.read()
      const { place, readingsSince } = booksOf(session)
      const [present] = this.#livesOf(place)
      hold(9, present !== undefined, () => `${this.#node.name} stands at ${JSON.stringify(place)}, where the cloud never was`)
      const { log } = present
      this.#checkOrder(life, place, log)
      this.#audited = { life, generation, place }
      this.#checkReplica(session, life, { scopes: log.states.get(place.batch) ?? new Map(), readingsSince, always })
      if (this.#now() >= life.calmFrom && life.threads.asked === 0 && !this.#node.diskFull) this.#checkOverlay(session, life)
    }
    this.#checkAge(life, this.#audited)
  }

  close(): void {
    this.#outbox?.connection.close()
    this.#outbox = null
  }

  #checkLink(life: Life): void {
    const { name, link } = this.#node
    const { position, online, state } = life.data.status()
    const heard = link.lastHeard
    hold(9, !online || (heard !== null && this.#now() - heard < silenceMs + 1_000), () => `${name} says it is online, and has heard nothing for ${heard === null ? 'ever' : this.#now() - heard} ms`)
    hold(9, online || (state !== 'online' && state !== 'behind'), () => `${name} is ${state} without a link`)
    hold(9, (state === 'bootstrapping') === (position === null), () => `${name} is ${state} at position ${JSON.stringify(position)}`)
  }

  /** A position goes back only where the cloud was taken back: to before what the node had. */
  #checkOrder(life: Life, place: Place, log: StoredLog): void {
    const { name } = this.#node
    const { shown } = life
    life.shown = place
    if (shown?.epoch === place.epoch && (log.stamps.get(shown.batch) ?? null) === shown.stamp) {
      hold(7, place.batch >= shown.batch, () => `${name} went back from batch ${shown.batch} to ${place.batch}`)
    } else {
      life.calmFrom = Math.max(life.calmFrom, this.#now() + 5_000)
    }
  }

  #checkAge(life: Life, { place }: { readonly place: Place }): void {
    const { name, link } = this.#node
    const { position, asOf, ageSeconds } = life.data.status()
    if (asOf === null || position?.epoch !== place.epoch || position.batch !== place.batch) return
    const now = this.#now()
    const lives = this.#livesOf(place).map(({ log, until }) => ({ until, next: log.movedAt.get(place.batch + 1) ?? Infinity }))
    // A cloud that was taken back to this very batch goes on otherwise from there: it was the newest while one of its lives lasted.
    hold(10, lives.some(({ until, next }) => asOf <= Math.min(until, next)), () => `${name} says batch ${place.batch} was the newest at ${asOf}, but the next one is of ${lives.map(({ next }) => next).join(' or ')}`)
    const clockKnown = link.lastHeard !== null && life.machine.wallAhead >= 0
    hold(10, !clockKnown || ageSeconds * 1_000 >= (now - asOf) * (1 - 2e-4) - slackMs, () => `${name} says it is ${ageSeconds} s old, and is ${(now - asOf) / 1000}`)
  }

  #checkReplica({ connection, position }: ReadSession, life: Life, { scopes, readingsSince, always }: { readonly scopes: ReadonlyMap<string, ScopeState>; readonly readingsSince: number; readonly always: boolean }): void {
    const { name, storeId } = this.#node
    if (this.#found?.life !== life) this.#found = { life, tables: new Map() }
    for (const entity of audited) {
      const ofLog = [tableOf(scopes.get(chainScope), entity), tableOf(scopes.get(storeScope(storeId)), entity)] as const
      if (!always && this.#found.tables.get(entity)?.every((table, nth) => table === ofLog[nth]) === true) continue
      this.#found.tables.set(entity, ofLog)
      const key: readonly string[] = entities[entity].key
      const columns = columnsOf.get(entity) ?? []
      const held = ask(connection, `select ${columns.join(', ')} from main.${entity}`).all()
      const expected = new Map([...ofLog[0], ...ofLog[1]])
      if (entity === 'reading') for (const [reading, { at }] of expected) if (Number(at) < readingsSince) expected.delete(reading)
      hold(4, held.length === expected.size, () => `${name} holds ${held.length} rows of ${entity} at batch ${position?.batch}, the log comes to ${expected.size}`)
      for (const row of held) {
        const text = JSON.stringify(key.map((column) => row[column]))
        const wanted = expected.get(text)
        // Nobody can know of it before it is found, and what is found is not shown.
        if (!always && this.#node.flipped.some((flipped) => flipped.entity === entity && flipped.key === text)) continue
        const differs = columns.find((column) => wanted === undefined || (row[column] ?? null) !== (wanted[column] ?? null))
        hold(4, differs === undefined, () => `${name} at batch ${position?.batch} holds ${entity} ${text} with ${differs} = ${String(row[differs ?? ''])}, the log says ${String(wanted?.[differs ?? ''])}`)
      }
    }
  }

  /** What lies over the replica is the outbox less the outcomes that the replica has, and what is shown follows from both. */
  #checkOverlay({ connection }: ReadSession, life: Life): void {
    const { name, storeId } = this.#node
    const settled = new Set(ask(connection, 'select incarnation, n from edge_operation where store_id = ?').all(storeId).map(nameOf))
    const pending = this.#kept(life).filter((operation) => !settled.has(nameOf(operation)))
    const laid = new Set(ask(connection, 'select incarnation, n from overlay_operation').all().map(nameOf))
    const missing = pending.filter((operation) => !laid.has(nameOf(operation)))
    hold(8, missing.length === 0 && laid.size === pending.length, () => `${name} lays ${laid.size} writes over its replica, of ${pending.length} that are pending; missing: ${missing.map(nameOf).join(', ')}`)
    const events = pending.flatMap((operation): StockEvent[] => {
      const effect = effectOf(operation)
      return 'stock' in effect ? [effect.stock] : []
    })
    const base = new Map(ask(connection, 'select product_id, on_hand from main.stock where store_id = ?').all(storeId).map((row) => [String(row.product_id), Number(row.on_hand)]))
    const shown = new Map(ask(connection, 'select product_id, on_hand from stock where store_id = ?').all(storeId).map((row) => [String(row.product_id), Number(row.on_hand)]))
    for (const product of new Set([...base.keys(), ...shown.keys(), ...events.map(({ productId }) => productId)])) {
      const law = levelOf(base.get(product) ?? 0, events.filter(({ productId }) => productId === product))
      hold(8, shown.get(product) === law, () => `${name} shows ${String(shown.get(product))} of ${product}; its replica has ${String(base.get(product))}, and with what is pending that makes ${law}`)
    }
  }

  #kept(life: Life): KeptOperation[] {
    const file = join(life.directory, 'outbox.db')
    const inode = statSync(file).ino
    if (this.#outbox?.life !== life || this.#outbox.inode !== inode) {
      this.close()
      this.#outbox = { life, inode, connection: new DatabaseSync(file, { readOnly: true }), version: null, kept: [] }
    }
    // It changes with every commit of another connection.
    const { connection } = this.#outbox
    const version = ask(connection, 'pragma data_version').get()?.data_version
    if (version !== this.#outbox.version) Object.assign(this.#outbox, { version, kept: readAll(connection) })
    return this.#outbox.kept
  }
}

function booksOf({ connection }: ReadSession): { readonly place: Place; readonly readingsSince: number } {
  const books = readBooks(connection)
  if (books === null) throw new Error('A copy that serves has a position.')
  return { place: { ...books.position, stamp: books.stamp }, readingsSince: books.readingsSince }
}

/** What the outbox in a directory holds. */
export function keptIn(directory: string): KeptOperation[] {
  using connection = new DatabaseSync(join(directory, 'outbox.db'), { readOnly: true })
  return readAll(connection)
}

function readAll(connection: DatabaseSync): KeptOperation[] {
  return ask(connection, `select ${operationColumns} from operation order by seq`).all().map(toOperation)
}

function ask(connection: DatabaseSync, text: string): StatementSync {
  let known = prepared.get(connection)
  if (known === undefined) prepared.set(connection, (known = new Map()))
  let statement = known.get(text)
  if (statement === undefined) known.set(text, (statement = connection.prepare(text)))
  return statement
}

function tableOf(state: ScopeState | undefined, entity: EntityName): ReadonlyMap<string, Row> {
  return state?.get(entity) ?? none
}

function nameOf(row: { readonly incarnation?: unknown; readonly n?: unknown }): string {
  return `${String(row.incarnation)} ${String(row.n)}`
}
