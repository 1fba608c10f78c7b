import { renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { payloadHash } from '../../../../subgraphs/shared/once.ts'
import { isDamage } from '../../../../subgraphs/storage/sqlite/damage.ts'
import type { KeptOperation } from './operation.ts'
import { openOutboxFile, operationColumns, toOperation } from './schema.ts'

/** What became of a damaged outbox. */
export interface Rescue {
  /** Where the damaged file is now; it is never deleted. */
  readonly aside: string
  /** Writes that could be read and stand in the new outbox under their old numbers. */
  readonly saved: number
}

/** Numbers left free behind the last one that is known, for writes of which the damaged file shows nothing any more. */
const spareNumbers = 1_000_000

/** Unreadable numbers in a row after which nothing more is looked for. */
const mostUnreadable = 50_000

/**
 * Puts a damaged outbox aside and makes another in its place with every write of it that can still be read and is what its hash says.
 * A write that is saved twice, or was delivered before, counts once all the same: it keeps its name. A connection that is just being
 * closed may hold the file for a moment; it is waited for `patienceMs` milliseconds.
 * @throws Error where the file can't be read for another reason than its damage; it is then left where it is.
 */
export function rescueOutbox(path: string, storeId: string, now: Date, patienceMs = 5_000): Rescue {
  const aside = `${path}.damaged-${now.toISOString().replaceAll(':', '.')}`
  const { operations, lastNumber } = readWhatCanBeRead(path, patienceMs)
  for (const suffix of ['', '-wal', '-shm']) moveIfThere(path + suffix, aside + suffix)
  using fresh = openOutboxFile(path, storeId)
  const insert = fresh.prepare(
    'insert into operation (seq, incarnation, n, principal, operation_id, kind, payload, hash, received_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing',
  )
  fresh.exec('begin immediate')
  let saved = 0
  for (const { seq, incarnation, n, principal, operationId, kind, payload, hash, receivedAt } of operations) {
    saved += Number(insert.run(seq, incarnation, n, principal, operationId, kind, payload, hash, receivedAt).changes)
  }
  fresh.prepare("delete from sqlite_sequence where name = 'operation'").run()
  fresh.prepare("insert into sqlite_sequence (name, seq) values ('operation', ?)").run(lastNumber + spareNumbers)
  fresh.exec('commit')
  return { aside, saved }
}

/** Row by row along the table itself: an index or a page that is gone hides what it leads to, and no more. */
function readWhatCanBeRead(file: string, patienceMs: number): { operations: KeptOperation[]; lastNumber: number } {
  const operations: KeptOperation[] = []
  let after = 0
  let unreadable = 0
  try {
    using connection = new DatabaseSync(file, { readOnly: true, timeout: patienceMs })
    const next = connection.prepare(`select ${operationColumns} from operation not indexed where seq > ? order by seq limit 1`)
    const find = connection.prepare(`select ${operationColumns} from operation not indexed where seq = ?`)
    const last = lastNumberOf(connection)
    while (after < last && unreadable < mostUnreadable) {
      try {
        const row = next.get(after)
        if (row === undefined) break
        after = Number(row.seq)
        keep(row)
        unreadable = 0
      } catch (error) {
        if (!isDamage(error)) throw error
        // Somewhere behind `after` is a page that can't be read: step over it number by number.
        after += 1
        unreadable += 1
        try {
          keep(find.get(after))
        } catch (again) {
          if (!isDamage(again)) throw again
        }
      }
    }
    after = Math.max(after, last)
  } catch (error) {
    // Not even the beginning of the file can be read. What is merely busy is not lost, and must not be taken for it.
    if (!isDamage(error)) throw error
  }
  return { operations, lastNumber: after }

  function keep(row: Record<string, unknown> | undefined): void {
    if (row === undefined) return
    const operation = toOperation(row)
    if (isWhole(operation)) operations.push(operation)
  }
}

function lastNumberOf(connection: DatabaseSync): number {
  for (const text of ["select seq from sqlite_sequence where name = 'operation'", 'select max(seq) as seq from operation']) {
    try {
      const seq = Number(connection.prepare(text).get()?.seq)
      if (Number.isSafeInteger(seq) && seq > 0) return seq
    } catch (error) {
      if (!isDamage(error)) throw error
    }
  }
  return 0
}

/** A file beside the database may vanish at any moment: whoever closes it last takes it away. */
function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function isWhole({ kind, payload, hash, incarnation, n, principal, operationId, receivedAt }: KeptOperation): boolean {
  try {
    const texts = [incarnation, principal, operationId].every((text) => typeof text === 'string')
    return texts && Number.isSafeInteger(n) && Number.isSafeInteger(receivedAt) && payloadHash({ kind, payload: JSON.parse(payload) as unknown }) === hash
  } catch {
    return false
  }
}
