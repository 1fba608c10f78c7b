import { z } from 'zod'
import type { BatchPart, LogCursor, LogHead } from '../subgraphs/log/source.ts'

/** In every request and in every answer of the protocol, with the version it speaks: an answer without it is not origin's. */
export const protocolHeader = 'aisle-protocol'
export const protocolVersion = '1'

export const jsonType = 'application/json'
export const linesType = 'application/x-ndjson'

/** Most writes in one delivery, and most bytes of it. */
export const mostOperations = 500
export const mostDeliveryBytes = 4 * 1024 * 1024

/** Longest a request for changes is held, in milliseconds, whatever it asks for. */
export const mostWaitMs = 30_000

/** One page of the log. */
export interface ChangesAnswer {
  readonly parts: readonly BatchPart[]
  readonly next: LogCursor
  readonly head: LogHead
}

/** A question for what ranges of an entity's rows add up to: the columns are those that the node holds. */
export const digestsQuestion = z.object({ entity: z.string(), columns: z.array(z.string()).max(200) })

const rowKey = z.array(z.union([z.string(), z.number()])).nullable()

/** A question for the rows of a range. */
export const rowsQuestion = z.object({ entity: z.string(), after: rowKey, through: rowKey, limit: z.int().positive() })

/** The last line of a snapshot: without it the copy is not whole. */
export interface SnapshotEnd {
  readonly end: { readonly rows: number }
}

/** A refusal: the status is the error table's. */
export interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly details?: Readonly<Record<string, unknown>> }
}

const milliseconds = z.int()

/** One write that a store's node accepted. */
export const deliveredOperation = z.object({
  /** Minted at every start of the node's process. */
  incarnation: z.string().min(1).max(100),
  /** 1, 2, 3 … within the incarnation. */
  n: z.int().positive(),
  operationId: z.string().min(1).max(200),
  principal: z.string().max(200),
  kind: z.string().min(1).max(100),
  /** The client's command exactly as given. */
  payload: z.unknown(),
  /** Of kind and payload, see `payloadHash`. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** When the node accepted it: epoch milliseconds by the cloud's clock as the node could tell it. */
  receivedAt: milliseconds,
})

export type DeliveredOperation = z.output<typeof deliveredOperation>

export const delivery = z.object({ operations: z.array(deliveredOperation).max(mostOperations) })

/** What became of one write: recorded with its outcome, or not tried for a fault of its own. */
export const deliveryResult = z.union([
  z.object({ incarnation: z.string(), n: z.int(), outcome: z.record(z.string(), z.unknown()) }),
  z.object({ incarnation: z.string(), n: z.int(), fault: z.object({ code: z.string(), message: z.string() }) }),
])

export type DeliveryAnswerItem = z.output<typeof deliveryResult>

export const deliveryAnswer = z.object({ outcomes: z.array(deliveryResult) })
