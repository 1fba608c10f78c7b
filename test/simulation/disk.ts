import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { entities, type EntityName, type ReplicatedEntity } from '../../subgraphs/storage/entities.ts'
import { isDamage } from '../../subgraphs/storage/sqlite/damage.ts'
import type { Random } from '../differential/random.ts'

/** Everything of a node that outlives its process; the shared-memory files do not. */
const files = [
  'replica.db', 'replica.db-wal', 'replica.db.new', 'replica.db.ready', 'replica.db.open', 'replica.db.damage', 'replica.db.part', 'replica.db.part-wal',
  'outbox.db', 'outbox.db-wal',
] as const

const pageBytes = 4_096

/** What a killed process leaves, or what was copied from its disk while it ran. */
export function copyDisk(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const file of files) if (existsSync(join(from, file))) copyFileSync(join(from, file), join(to, file))
}

export function removeDisk(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

/** Where a wal-index has the number of frames that a checkpoint set out to carry over, and what a WAL begins with (SQLite's file format, "WAL-Index Format"). */
const attemptedAt = 128
const walHeaderBytes = 32
const frameHeaderBytes = 24

/** Frames at the beginning of a WAL that are on the medium whatever happens: a checkpoint syncs them before it carries any over. */
export function syncedFrames(directory: string, file: 'replica.db' | 'outbox.db'): number {
  const index = join(directory, `${file}-shm`)
  if (!existsSync(index)) return 0
  const bytes = readFileSync(index)
  return bytes.length < attemptedAt + 4 ? 0 : bytes.readUInt32LE(attemptedAt)
}

/** The power failed: of a WAL, any beginning may have reached the medium, and the first `synced` frames have. */
export function loseTail(directory: string, file: 'replica.db' | 'outbox.db', random: Random, synced = 0): void {
  const wal = join(directory, `${file}-wal`)
  if (!existsSync(wal)) return
  const { length } = readFileSync(wal)
  truncateSync(wal, random.integer(Math.min(length, syncedBytes(synced)), length))
}

function syncedBytes(frames: number): number {
  return frames === 0 ? 0 : walHeaderBytes + frames * (frameHeaderBytes + pageBytes)
}

/** A sector that reads as zeroes somewhere in a WAL, behind the frames that are on the medium whatever happens. */
export function zeroSector(directory: string, file: 'replica.db' | 'outbox.db', random: Random, synced = 0): void {
  const wal = join(directory, `${file}-wal`)
  if (!existsSync(wal)) return
  const bytes = readFileSync(wal)
  const first = Math.ceil(syncedBytes(synced) / 512)
  const last = Math.floor(bytes.length / 512) - 1
  if (last < first) return
  const at = random.integer(first, last) * 512
  writeFileSync(wal, bytes.fill(0, at, at + 512))
}

/** The first page of the replica is gone, so that it is no database any more. */
export function zeroReplica(directory: string): void {
  const file = join(directory, 'replica.db')
  if (existsSync(file)) writeFileSync(file, readFileSync(file).fill(0, 0, Math.min(pageBytes, 100)))
}

/** A row of the cloud's that is another one on the medium, without a word of SQLite's. */
export interface FlippedRow {
  readonly entity: EntityName
  readonly key: string
}

/** Changes a value of some row behind everybody's back; null where there is none to change. */
export function flipRow(directory: string, random: Random): FlippedRow | null {
  const file = join(directory, 'replica.db')
  if (!existsSync(file)) return null
  const [entity, column, flip] = random.pick([['product', 'name', "name || '?'"], ['store_price', 'amount_minor', 'amount_minor + 64'], ['device', 'firmware', "'?'"]] as const)
  using connection = new DatabaseSync(file)
  try {
    const { key }: ReplicatedEntity = entities[entity]
    const rows = connection.prepare(`select ${key.join(', ')} from main.${entity} order by ${key.join(', ')}`).all()
    if (rows.length === 0) return null
    const values = Object.values(random.pick(rows)) as string[]
    connection.prepare(`update main.${entity} set ${column} = ${flip} where ${key.map((name) => `${name} = ?`).join(' and ')}`).run(...values)
    return { entity, key: JSON.stringify(values) }
  } catch (error) {
    if (isDamage(error)) return null
    throw error
  }
}

/**
 * Makes the disk as a process leaves it that is killed while it carries the WAL into the database: any of the pages are there, and the
 * WAL is still whole.
 */
export function killInCheckpoint(directory: string, random: Random): void {
  const file = join(directory, 'replica.db')
  if (!existsSync(file) || !existsSync(`${file}-wal`)) return
  const before = readFileSync(file)
  const wal = readFileSync(`${file}-wal`)
  const connection = new DatabaseSync(file)
  connection.exec('pragma wal_checkpoint(passive)')
  const after = readFileSync(file)
  connection.close()
  const mixed = Buffer.alloc(Math.max(before.length, after.length))
  for (let at = 0; at < mixed.length; at += pageBytes) {
    const source = at >= before.length || (at < after.length && random.chance(0.5)) ? after : before
    source.copy(mixed, at, at, at + pageBytes)
  }
  writeFileSync(file, mixed)
  writeFileSync(`${file}-wal`, wal)
  rmSync(`${file}-shm`, { force: true })
}

/** Tables that a full disk keeps a running node from writing to. */
const written = { 'replica.db': ['replica_state', 'overlay_operation'], 'outbox.db': ['operation'] } as const

/** While a disk is full, every write of the node fails; what it read goes on being read. */
export function fillDisk(directory: string, full: boolean): void {
  for (const [file, tables] of Object.entries(written)) {
    if (!existsSync(join(directory, file))) continue
    using side = new DatabaseSync(join(directory, file), { timeout: 0 })
    try {
      for (const table of tables) refuseWrites(side, table, full)
    } catch (error) {
      // What is damaged takes no writes anyway.
      if (!isDamage(error)) throw error
    }
  }
}

function refuseWrites(side: DatabaseSync, table: string, full: boolean): void {
  const present = new Set(side.prepare('select name from sqlite_schema where tbl_name = ?').all(table).map(({ name }) => name))
  for (const [nth, change] of ['insert', 'update', 'delete'].entries()) {
    const trigger = `full_${table}_${nth}`
    if (present.has(trigger) && !full) side.exec(`drop trigger ${trigger}`)
    if (full && present.has(table) && !present.has(trigger)) side.exec(`create trigger ${trigger} before ${change} on ${table} begin select raise(abort, 'database or disk is full'); end`)
  }
}
