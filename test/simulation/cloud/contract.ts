import { createDeviceCommands } from '../../../subgraphs/device/postgres-commands.ts'
import { createInventoryCommands } from '../../../subgraphs/inventory/postgres-commands.ts'
import type { CommandContext } from '../../../subgraphs/shared/commands.ts'
import { compactLog } from '../../../subgraphs/log/compact.ts'
import { pruneLog } from '../../../subgraphs/log/prune.ts'
import { createPostgresSource } from '../../../subgraphs/log/postgres-source.ts'
import type { LogSource } from '../../../subgraphs/log/source.ts'
import { openTestLog } from '../../../subgraphs/log/testing/test-log.ts'
import { entities, type ReplicatedEntity } from '../../../subgraphs/storage/entities.ts'
import { takeOperations } from '../../../edge-cache/origin/operations.ts'
import type { DeliveredOperation, DeliveryAnswerItem } from '../../../edge-cache/protocol.ts'
import { createLogger } from '../../../runtime/log.ts'
import type { Written } from '../ledger.ts'
import { ModelCloud } from './cloud.ts'
import { takeDelivery } from './intake.ts'
import type { RowWrite } from './rows.ts'

/** A cloud as the contract sees it: the same words for the model, and for Postgres with origin's intake. */
export interface Cloud extends AsyncDisposable {
  /** Writes rows in one transaction. */
  write(...writes: readonly RowWrite[]): Promise<void>
  /** A transaction that stays open. */
  begin(): Promise<{ write(...writes: readonly RowWrite[]): Promise<void>; commit(): Promise<void>; rollback(): Promise<void> }>
  /** What a sequencer does once; the batch, or null where nothing waits. */
  move(): Promise<number | null>
  deliver(storeId: string, operations: readonly DeliveredOperation[]): Promise<readonly DeliveryAnswerItem[]>
  /** Upkeep of the log, up to a batch: what is superseded there is dropped, or all of it. */
  compact(upTo: number): Promise<number>
  prune(upTo: number): Promise<void>
  /** A command that came to the cloud directly. */
  command(written: Written, context: CommandContext): Promise<unknown>
  readonly source: Pick<LogSource, 'changes' | 'snapshot'>
}

/** The model of the simulation. */
export async function openModel(): Promise<Cloud> {
  const cloud = new ModelCloud(() => Date.now())
  const { rows, commands } = cloud
  return {
    write: async (...writes) => rows.write(...writes),
    async begin() {
      const transaction = rows.begin()
      return {
        write: async (...writes) => transaction.write(...writes),
        commit: async () => transaction.commit(),
        rollback: async () => transaction.rollback(),
      }
    },
    move: async () => cloud.move()?.number ?? null,
    compact: async (upTo) => cloud.compact(upTo),
    prune: async (upTo) => cloud.log.prune(upTo),
    deliver: async (storeId, operations) => takeDelivery(rows, commands, storeId, operations, Date.now()),
    async command({ kind, command }, context) {
      if (kind === 'recordStockMovement') return commands.movement(command, context)
      return kind === 'recordStockCount' ? commands.count(command, context) : commands.readings(command, context)
    },
    source: {
      changes: async (scopes, after, { limit = 1_000 } = {}) => cloud.changes(scopes, after, limit),
      async snapshot(scopes, { entities: wanted } = {}) {
        const { header, chunks } = cloud.snapshot(scopes, wanted)
        return {
          header,
          chunks: (async function* () {
            yield* chunks
          })(),
        }
      },
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

/** The real thing. */
export async function openReal(): Promise<Cloud> {
  const log = await openTestLog()
  const { storage } = log
  const source = createPostgresSource(storage)
  const inventory = createInventoryCommands(storage)
  const device = createDeviceCommands(storage)
  const silent = createLogger('test', 'silent')
  const cloud: Cloud = {
    async write(...writes) {
      const transaction = await cloud.begin()
      await transaction.write(...writes)
      await transaction.commit()
    },
    async begin() {
      const client = await storage.pool.connect()
      await client.query('begin')
      const end = async (how: 'commit' | 'rollback'): Promise<void> => {
        await client.query(how)
        client.release()
      }
      return {
        async write(...writes) {
          for (const write of writes) await client.query(...statementOf(write))
        },
        commit: () => end('commit'),
        rollback: () => end('rollback'),
      }
    },
    move: async () => (await log.move())?.batch ?? null,
    compact: (upTo) => compactLog(storage.pool, upTo),
    prune: async (upTo) => void (await pruneLog(storage.pool, upTo)),
    deliver: (storeId, operations) => takeOperations(storage, storeId, operations, { log: silent, statementTimeoutMs: 60_000 }),
    command({ kind, command }, context) {
      if (kind === 'recordStockMovement') return inventory.recordMovement(command, context)
      return kind === 'recordStockCount' ? inventory.recordCount(command, context) : device.reportReadings(command, context)
    },
    source,
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]()
      await log[Symbol.asyncDispose]()
    },
  }
  return cloud
}

function statementOf(write: RowWrite): [string, unknown[]] {
  const { key }: ReplicatedEntity = entities[write.entity]
  if (!('row' in write)) return [`delete from ${write.entity} where ${key.map((column, nth) => `${column} = $${nth + 1}`).join(' and ')}`, [...write.key]]
  const columns = Object.keys(write.row)
  const rest = columns.filter((column) => !key.includes(column))
  const update = rest.length === 0 ? 'nothing' : `update set ${rest.map((column) => `${column} = excluded.${column}`).join(', ')}`
  return [
    `insert into ${write.entity} (${columns.join(', ')}) values (${columns.map((_column, nth) => `$${nth + 1}`).join(', ')}) on conflict (${key.join(', ')}) do ${update}`,
    columns.map((column) => write.row[column]),
  ]
}
