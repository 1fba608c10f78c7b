import { randomUUID } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import { accepted, refused, refusedBy, type CommandContext, type Outcome, type UserError } from '../shared/commands.ts'
import { toMinor } from '../shared/money.ts'
import { runNamed } from '../shared/named.ts'
import type { Database, ListPriceRow, MovementRow, StockRow, StorePriceRow } from '../storage/database.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import type { InventoryCommands, PriceErrorCode, RecordCount, RecordMovement, SetPrice, StockErrorCode } from './commands.ts'
import { checkCount, checkMovement, productNotFound, storeNotFound } from './rules.ts'
import { afterCount, afterMovement, settle } from './stock-law.ts'

/** The writes of inventory over Postgres, each in a transaction of its own. */
export function createInventoryCommands({ db }: PostgresStorage): InventoryCommands {
  return {
    recordMovement: (command, context) => db.transaction().execute((transaction) => applyMovement(transaction, command, context)),
    recordCount: (command, context) => db.transaction().execute((transaction) => applyCount(transaction, command, context)),
    setPrice: (command, context) => db.transaction().execute((transaction) => applyPrice(transaction, command, context)),
  }
}

type StockOutcome = Outcome<StockRow, StockErrorCode>
type PriceOutcome = Outcome<ListPriceRow | StorePriceRow, PriceErrorCode>

/** Records a movement in the caller's transaction; once, however often it comes. */
export function applyMovement(transaction: Transaction<Database>, command: RecordMovement, context: CommandContext): Promise<StockOutcome> {
  return runNamed(transaction, 'recordStockMovement', command, context, async () => {
    const { storeId, productId, kind, quantity } = command
    const occurredAt = command.occurredAt ?? context.now
    const refusal = checkMovement(command, context.now) ?? (await checkPlace(transaction, command))
    if (refusal !== null) return refusedBy(refusal)
    const outcome = await settle(transaction, command, context.now, 'quantity', (onHand) => afterMovement(transaction, command, quantity, occurredAt, onHand))
    if (outcome.result === null) return outcome
    await keep(transaction, outcome.result, { store_id: storeId, product_id: productId, kind, quantity, counted: null, occurred_at: occurredAt, recorded_at: context.now })
    return outcome
  })
}

/** Records a count in the caller's transaction; once, however often it comes. */
export function applyCount(transaction: Transaction<Database>, command: RecordCount, context: CommandContext): Promise<StockOutcome> {
  return runNamed(transaction, 'recordStockCount', command, context, async () => {
    const { storeId, productId, counted } = command
    const countedAt = command.countedAt ?? context.now
    const refusal = checkCount(command, context.now) ?? (await checkPlace(transaction, command))
    if (refusal !== null) return refusedBy(refusal)
    const outcome = await settle(transaction, command, context.now, 'counted', (onHand) => afterCount(transaction, command, counted, countedAt, onHand))
    if (outcome.result === null) return outcome
    await keep(transaction, outcome.result, { store_id: storeId, product_id: productId, kind: 'COUNT', quantity: null, counted, occurred_at: countedAt, recorded_at: context.now })
    return outcome
  })
}

/**
 * Sets a price in the caller's transaction; once, however often it comes. Its time never goes back, whatever the clocks of
 * the processes say: a price set by a slow clock keeps the time of the one before, and still stands.
 */
export function applyPrice(transaction: Transaction<Database>, command: SetPrice, context: CommandContext): Promise<PriceOutcome> {
  return runNamed(transaction, 'setPrice', command, context, async (): Promise<PriceOutcome> => {
    const { storeId, productId, amount, currencyCode: currency } = command
    const minor = toMinor(amount, currency)
    if (minor === null || minor < 0) {
      return refused('INVALID_AMOUNT', `The amount ${amount} must be zero or more, with no more decimals than ${currency} has.`, ['input', 'amount'])
    }
    const refusal = await checkPlace(transaction, command)
    if (refusal !== null) return refusedBy(refusal)
    const price = { product_id: productId, amount_minor: minor, currency, updated_at: context.now }
    return accepted(storeId === null ? await putListPrice(transaction, price) : await putStorePrice(transaction, { store_id: storeId, ...price }))
  })
}

function putListPrice(transaction: Transaction<Database>, price: ListPriceRow): Promise<ListPriceRow> {
  const { amount_minor, currency } = price
  return transaction
    .insertInto('list_price')
    .values(price)
    .onConflict((conflict) => conflict.column('product_id').doUpdateSet({ amount_minor, currency, updated_at: sql`greatest(list_price.updated_at, excluded.updated_at)` }))
    .returningAll()
    .executeTakeFirstOrThrow()
}

function putStorePrice(transaction: Transaction<Database>, price: StorePriceRow): Promise<StorePriceRow> {
  const { amount_minor, currency } = price
  return transaction
    .insertInto('store_price')
    .values(price)
    .onConflict((conflict) =>
      conflict.columns(['store_id', 'product_id']).doUpdateSet({ amount_minor, currency, updated_at: sql`greatest(store_price.updated_at, excluded.updated_at)` }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
}

async function keep(transaction: Transaction<Database>, stock: StockRow, movement: Omit<MovementRow, 'id' | 'on_hand_after'>): Promise<void> {
  await transaction.insertInto('movement').values({ id: randomUUID(), on_hand_after: stock.on_hand, ...movement }).execute()
}

async function checkPlace(
  transaction: Transaction<Database>,
  { storeId, productId }: { readonly storeId: string | null; readonly productId: string },
): Promise<UserError<'STORE_NOT_FOUND' | 'PRODUCT_NOT_FOUND'> | null> {
  const found = await transaction
    .selectNoFrom((eb) => [
      eb.exists(eb.selectFrom('store').select('id').where('id', '=', storeId ?? '')).as('store'),
      eb.exists(eb.selectFrom('product').select('id').where('id', '=', productId)).as('product'),
    ])
    .executeTakeFirstOrThrow()
  if (storeId !== null && !found.store) return storeNotFound(storeId)
  return found.product ? null : productNotFound(productId)
}
