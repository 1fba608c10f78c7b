import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AisleError } from '../../../../runtime/errors.ts'
import type { KeptOperation, OperationKind, OperationState } from './operation.ts'

const version = 2

/** `mark_epoch` and `mark_batch` say where the log stood when the write was acknowledged or settled. */
const tables = `
create table operation (
  seq integer primary key autoincrement,
  incarnation text not null,
  n integer not null,
  principal text not null,
  operation_id text not null,
  kind text not null,
  payload text not null,
  hash text not null,
  received_at integer not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'settled')),
  outcome text,
  mark_epoch text,
  mark_batch integer,
  settled_at integer,
  unique (incarnation, n),
  unique (principal, operation_id)
);
create table owner (store_id text not null);
create index operation_waiting on operation (seq) where state = 'pending';
create index operation_open on operation (seq) where state <> 'settled';
create index operation_settled on operation (settled_at) where state = 'settled';
create index operation_settled_mark on operation (mark_epoch, mark_batch) where state = 'settled';
`

/**
 * Opens the outbox of a store for writing, and makes it where it is missing. `synchronous=FULL`: what was committed is on the medium.
 * @throws AisleError DIRECTORY_OF_ANOTHER_STORE, DIRECTORY_TOO_NEW; what SQLite raises for a file that is damaged. It is never replaced.
 */
export function openOutboxFile(path: string, storeId: string): DatabaseSync {
  const connection = new DatabaseSync(path)
  try {
    connection.exec('pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full')
    const found = connection.prepare('pragma user_version').get()?.user_version
    if (found === 0) {
      connection.exec(`begin immediate; ${tables} pragma user_version = ${version}`)
      connection.prepare('insert into owner (store_id) values (?)').run(storeId)
      connection.exec('commit')
      syncDirectory(dirname(path))
    } else if (found === 1) {
      connection.exec('begin immediate; create table owner (store_id text not null)')
      connection.prepare('insert into owner (store_id) values (?)').run(storeId)
      connection.exec(`pragma user_version = ${version}; commit`)
    } else if (found !== version) {
      throw new AisleError('DIRECTORY_TOO_NEW', `${path} has version ${String(found)}, this program reads versions up to ${version}.`)
    }
    const owner = connection.prepare('select store_id from owner').get()?.store_id
    if (owner === storeId) return connection
    throw new AisleError('DIRECTORY_OF_ANOTHER_STORE', `${path} holds writes of store ${String(owner)}, and this node is of store ${storeId}.`)
  } catch (error) {
    connection.close()
    throw error
  }
}

/** A file's name is only sure to survive a power loss when its directory was synced too. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

export const operationColumns = 'seq, incarnation, n, principal, operation_id, kind, payload, hash, received_at, state, outcome'

/** One row of `operationColumns`. */
export function toOperation(row: Record<string, unknown>): KeptOperation {
  return {
    seq: row.seq as number,
    incarnation: row.incarnation as string,
    n: row.n as number,
    principal: row.principal as string,
    operationId: row.operation_id as string,
    kind: row.kind as OperationKind,
    payload: row.payload as string,
    hash: row.hash as string,
    receivedAt: row.received_at as number,
    state: row.state as OperationState,
    outcome: row.outcome as string | null,
  }
}
