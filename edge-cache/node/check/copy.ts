import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { AisleError, type ErrorCode } from '../../../runtime/errors.ts'
import { createLogger } from '../../../runtime/log.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { createLocalFeed } from '../../../subgraphs/log/local-feed.ts'
import { searchIndexExtension } from '../../../subgraphs/search/index/extension.ts'
import { storeScope } from '../../../subgraphs/storage/entities.ts'
import { readReplicaState } from '../../../subgraphs/storage/sqlite/replica-state.ts'
import { sqliteStorage } from '../../../subgraphs/storage/sqlite/storage.ts'
import { Moves } from '../cache/moves.ts'
import type { NodeData, ReadSession } from '../data.ts'
import { openNodeData } from '../data/index.ts'
import { shownViews } from '../data/overlay/tables.ts'

/** A store's replica that is only read. */
export interface Copy extends Disposable {
  readonly storeId: string
  readonly file: string
  /** Of the file and its log, in bytes. */
  readonly bytes: number
  readonly connection: DatabaseSync
}

/** Refusals that waiting does not end. */
const lasting: ReadonlySet<ErrorCode> = new Set(['STORE_UNKNOWN', 'PROTOCOL_UNSUPPORTED', 'NODE_UNKNOWN', 'NODE_REVOKED', 'OUT_OF_SCOPE'])

/** A store's replica in a node's directory; the node may be running. @throws AisleError CONFIG_INVALID, DIRECTORY_OF_ANOTHER_STORE, NOT_READY */
export function openCopy(directory: string, storeId: string): Copy {
  const file = join(directory, 'replica.db')
  if (!existsSync(file)) throw new AisleError('CONFIG_INVALID', `There is no replica.db in ${directory}.`)
  let connection: DatabaseSync | null = null
  try {
    connection = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
    const scopes = connection.prepare('select scope from replica_scope').all().map(({ scope }) => String(scope))
    if (!scopes.includes(storeScope(storeId))) throw new AisleError('DIRECTORY_OF_ANOTHER_STORE', `${file} holds ${scopes.join(' and ')}, not store ${storeId}.`)
    if (readReplicaState(connection) === null) throw new AisleError('NOT_READY', `${file} has no complete copy yet.`)
    connection.exec(shownViews)
  } catch (error) {
    connection?.close()
    if (AisleError.is(error)) throw error
    throw new AisleError('CONFIG_INVALID', `${file} cannot be read as a node's copy: ${messageOf(error)}.`, { cause: error })
  }
  const bytes = ['', '-wal'].reduce((sum, suffix) => sum + (existsSync(file + suffix) ? statSync(file + suffix).size : 0), 0)
  return { storeId, file, bytes, connection, [Symbol.dispose]: () => connection.close() }
}

/**
 * A fresh copy from origin, in a temporary folder that goes with it.
 * @param onWait called some times a second while it is on its way
 * @throws AisleError ORIGIN_UNREACHABLE when it has not come within `waitMs`; what origin refuses it with for good, at once
 */
export async function pullCopy(origin: string, storeId: string, waitMs: number, onWait: (elapsedMs: number) => void): Promise<Copy> {
  using stack = new DisposableStack()
  const directory = mkdtempSync(join(tmpdir(), 'aisle-check-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  {
    let fault: unknown = null
    const onFault = (error: unknown): void => void (fault = error)
    await using data = await openNodeData({ storeId, directory, origin, onFault, extensions: [searchIndexExtension], log: createLogger('check', 'error'), metrics: createMetrics('check') })
    const began = performance.now()
    while (data.status().position === null) {
      const elapsed = performance.now() - began
      if (AisleError.is(fault) && lasting.has(fault.code)) throw fault
      if (elapsed > waitMs) throw new AisleError('ORIGIN_UNREACHABLE', `No copy of store ${storeId} came from ${origin} within ${Math.round(waitMs / 1000)} seconds${fault === null ? '' : `: ${messageOf(fault)}`}`, { cause: fault })
      onWait(elapsed)
      await sleep(100)
    }
  }
  const copy = stack.use(openCopy(directory, storeId))
  const kept = stack.move()
  return { ...copy, [Symbol.dispose]: () => kept.dispose() }
}

/** A copy as the serving side sees a node's data; it takes no writes. */
export function nodeDataOf({ storeId, connection: own }: Copy, connection: DatabaseSync = own): NodeData {
  const state = readReplicaState(own)
  if (state === null) throw new AisleError('NOT_READY')
  const storage = sqliteStorage(connection)
  const refuse = (): Promise<never> => Promise.reject(new AisleError('WRITE_NOT_KEPT', 'This copy is only read.'))
  const session: ReadSession = { storage, connection, position: state.position, asOf: state.asOf, refresh() {}, [Symbol.dispose]() {} }
  return {
    storeId,
    latest: storage,
    read: () => Promise.resolve(session),
    readNow: () => session,
    status: () => ({ state: 'offline', position: state.position, asOf: state.asOf, ageSeconds: 0, online: false, pendingOperations: 0, readingsSince: state.readingsSince }),
    changes: createLocalFeed(),
    moves: new Moves(),
    damage: { version: 0, guard: (reads) => reads },
    inventory: { recordMovement: refuse, recordCount: refuse, setPrice: refuse },
    device: { registerDevice: refuse, reportReadings: refuse, showOnDevice: refuse },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
