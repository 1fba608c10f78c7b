import type { ReportReadings } from '../../../subgraphs/device/commands.ts'
import { checkReadings, deviceNotFound, seenStepMs } from '../../../subgraphs/device/rules.ts'
import type { RecordCount, RecordMovement } from '../../../subgraphs/inventory/commands.ts'
import { checkCount, checkLevel, checkMovement, productNotFound, storeNotFound, type StockRefusal } from '../../../subgraphs/inventory/rules.ts'
import { accepted, refused, refusedBy, type CommandContext, type Outcome } from '../../../subgraphs/shared/commands.ts'
import { payloadHash } from '../../../subgraphs/shared/once.ts'
import type { StockRow } from '../../../subgraphs/storage/database.ts'
import type { Rows } from './rows.ts'

/** One entry in the history of a level. */
export interface Movement {
  readonly principal: string
  readonly operationId: string
  readonly quantity: number | null
  readonly counted: number | null
  readonly occurredAt: number
}

type AnyOutcome = Outcome<unknown, string>

interface Named {
  readonly hash: string
  readonly outcome: AnyOutcome
}

export interface CommandsBackup {
  readonly operations: ReadonlyMap<string, Named>
  readonly history: ReadonlyMap<string, readonly Movement[]>
}

/** The domain's writes as the cloud runs them, each once for its (principal, operationId): what the commands over Postgres do. */
export class Commands {
  readonly #rows: Rows
  #operations = new Map<string, Named>()
  #history = new Map<string, readonly Movement[]>()

  constructor(rows: Rows) {
    this.#rows = rows
  }

  /** What was written of a level, in the order in which it was recorded. */
  historyOf(storeId: string, productId: string): readonly Movement[] {
    return this.#history.get(JSON.stringify([storeId, productId])) ?? []
  }

  /** The outcome kept for an operation, or null. */
  outcomeOf(principal: string, operationId: string): AnyOutcome | null {
    return this.#operations.get(JSON.stringify([principal, operationId]))?.outcome ?? null
  }

  movement(command: RecordMovement, context: CommandContext): AnyOutcome {
    return this.#once('recordStockMovement', command, context, () => {
      const { productId, storeId, quantity } = command
      const occurredAt = command.occurredAt ?? context.now
      const refusal = checkMovement(command, context.now) ?? this.#checkPlace(command)
      if (refusal !== null) return refusedBy(refusal)
      const history = this.historyOf(storeId, productId)
      const inLaterCount = history.some((entry) => entry.counted !== null && entry.occurredAt >= occurredAt)
      return this.#settle(command, context, 'quantity', (onHand) => (inLaterCount ? onHand : onHand + quantity), { quantity, counted: null, occurredAt })
    })
  }

  count(command: RecordCount, context: CommandContext): AnyOutcome {
    return this.#once('recordStockCount', command, context, () => {
      const { productId, storeId, counted } = command
      const countedAt = command.countedAt ?? context.now
      const refusal = checkCount(command, context.now) ?? this.#checkPlace(command)
      if (refusal !== null) return refusedBy(refusal)
      const later = this.historyOf(storeId, productId).filter(({ occurredAt }) => occurredAt > countedAt)
      const moved = later.reduce((sum, { quantity }) => sum + (quantity ?? 0), 0)
      const outdated = later.some((entry) => entry.counted !== null)
      return this.#settle(command, context, 'counted', (onHand) => (outdated ? onHand : counted + moved), { quantity: null, counted, occurredAt: countedAt })
    })
  }

  readings(command: ReportReadings, context: CommandContext): AnyOutcome {
    return this.#once('reportReadings', command, context, () => {
      const refusal = checkReadings(command, context.now)
      if (refusal !== null) return refusedBy(refusal)
      const device = this.#rows.get('device', [command.deviceId])
      if (device === null) return refusedBy(deviceNotFound(command.deviceId))
      for (const { metric, at, value } of command.readings) {
        if (this.#rows.get('reading', [command.deviceId, metric, at]) !== null) continue
        this.#rows.write({ entity: 'reading', row: { device_id: command.deviceId, metric, at, value, store_id: device.store_id } })
      }
      const minute = Math.floor(context.now / seenStepMs) * seenStepMs
      const seen = device.last_seen_at as number | null
      if (seen === null || seen < minute || (seen === minute && device.status !== 'ONLINE')) {
        this.#rows.write({ entity: 'device', row: { ...device, status: 'ONLINE', last_seen_at: minute } })
      }
      return accepted(command.readings.length)
    })
  }

  backup(): CommandsBackup {
    return { operations: new Map(this.#operations), history: new Map(this.#history) }
  }

  restore({ operations, history }: CommandsBackup): void {
    this.#operations = new Map(operations)
    this.#history = new Map(history)
  }

  #once(kind: string, command: { readonly operationId: string }, { principal }: CommandContext, effect: () => AnyOutcome): AnyOutcome {
    const name = JSON.stringify([principal, command.operationId])
    const hash = payloadHash({ kind, payload: command })
    const known = this.#operations.get(name)
    if (known === undefined) {
      const outcome = effect()
      this.#operations.set(name, { hash, outcome })
      return outcome
    }
    if (known.hash === hash) return known.outcome
    return refused('OPERATION_ID_REUSED', `The operationId ${command.operationId} was already used with other input.`, ['input', 'operationId'])
  }

  #settle(
    { storeId, productId, operationId }: { readonly storeId: string; readonly productId: string; readonly operationId: string },
    { principal, now }: CommandContext,
    field: 'quantity' | 'counted',
    nextLevel: (onHand: number) => number,
    entry: Omit<Movement, 'principal' | 'operationId'>,
  ): AnyOutcome {
    const row = this.#rows.get('stock', [storeId, productId]) as StockRow | null
    const onHand = nextLevel(row?.on_hand ?? 0)
    const refusal = checkLevel(onHand, field)
    if (refusal !== null) return refusedBy(refusal)
    const first: StockRow = { store_id: storeId, product_id: productId, on_hand: onHand, reorder_point: null, order_up_to: null, updated_at: now }
    const level: StockRow = row === null ? first : row.on_hand === onHand ? row : { ...row, on_hand: onHand, updated_at: Math.max(row.updated_at, now) }
    this.#rows.write({ entity: 'stock', row: { ...level } })
    this.#history.set(JSON.stringify([storeId, productId]), [...this.historyOf(storeId, productId), { principal, operationId, ...entry }])
    return accepted(level)
  }

  #checkPlace({ storeId, productId }: { readonly storeId: string; readonly productId: string }): StockRefusal | null {
    if (this.#rows.get('store', [storeId]) === null) return storeNotFound(storeId)
    return this.#rows.get('product', [productId]) === null ? productNotFound(productId) : null
  }
}
