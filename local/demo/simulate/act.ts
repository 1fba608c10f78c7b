import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { currencyDigits, toMinor, toMoney } from '../../../subgraphs/shared/money.ts'
import { retailEnding } from '../catalogue/price.ts'
import { Refused, type Send } from './client.ts'
import { companionsDocument, movementDocument, priceDocument, readingsDocument, setPriceDocument } from './operations.ts'
import type { Companions, Happening, Planner } from './plan.ts'

const userErrors = z.array(z.object({ code: z.string(), message: z.string() }))
const movementShape = z.object({ recordStockMovement: z.object({ availability: z.object({ onHand: z.number() }).nullable(), userErrors }) })
const setPriceShape = z.object({ setPrice: z.object({ userErrors }) })
const readingsShape = z.object({ reportReadings: z.object({ userErrors }) })
const money = z.object({ amount: z.string() })
const priceShape = z.object({ product: z.object({ price: z.object({ amount: money.extend({ currencyCode: z.string() }), listAmount: money.nullable() }).nullable() }).nullable() })
const companionsShape = z.object({ product: z.object({ boughtTogether: z.array(z.object({ product: z.object({ id: z.string() }) })) }).nullable() })

/**
 * Makes something happen through the graph, under a fresh operationId.
 * @returns null when it was done, else why the graph refused it.
 */
export async function act(send: Send, planner: Planner, happening: Happening, now: number): Promise<string | null> {
  const operationId = randomUUID()
  try {
    switch (happening.kind) {
      case 'movement': {
        const { store, productId, movement, quantity } = happening
        const input = { operationId, storeId: store.id, productId, kind: movement, quantity, occurredAt: new Date(now).toISOString() }
        const { recordStockMovement: { availability, userErrors: problems } } = await send(movementDocument, { input }, movementShape)
        if (availability !== null) planner.moved(store, productId, availability.onHand)
        return problems[0]?.message ?? null
      }
      case 'price':
        return await changePrice(send, happening, operationId)
      case 'readings': {
        const readings = happening.readings.map((reading) => ({ ...reading, at: new Date(now).toISOString() }))
        const { reportReadings } = await send(readingsDocument, { input: { operationId, deviceId: happening.deviceId, readings } }, readingsShape)
        return reportReadings.userErrors[0]?.message ?? null
      }
    }
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
}

/** A store's price moves around the list price, so that a long simulation does not carry it away. */
async function changePrice(send: Send, { store, productId, factor }: Extract<Happening, { kind: 'price' }>, operationId: string): Promise<string | null> {
  const { product } = await send(priceDocument, { productId, storeId: store.id }, priceShape)
  const price = product?.price
  if (price === null || price === undefined) return 'the product has no price'
  const { currencyCode } = price.amount
  const list = toMinor(price.listAmount?.amount ?? price.amount.amount, currencyCode)
  if (list === null) return `the price ${price.amount.amount} cannot be read`
  const minor = factor === 1 || currencyDigits(currencyCode) !== 2 ? list : retailEnding(list * factor)
  const { setPrice } = await send(setPriceDocument, { input: { operationId, productId, storeId: store.id, ...toMoney(minor, currencyCode) } }, setPriceShape)
  return setPrice.userErrors[0]?.message ?? null
}

/** Most products whose companions are remembered. */
const mostRemembered = 5_000

/** Asks the graph once for each product; what it has no companions for, it has not been trained on. */
export function askCompanions(send: Send): Companions {
  const known = new Map<string, readonly string[]>()
  return async (productId) => {
    const remembered = known.get(productId)
    if (remembered !== undefined) return remembered
    const { product } = await send(companionsDocument, { productId }, companionsShape)
    const ids = product?.boughtTogether.map((recommendation) => recommendation.product.id) ?? []
    if (known.size >= mostRemembered) known.clear()
    known.set(productId, ids)
    return ids
  }
}
