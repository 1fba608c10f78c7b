import type { KeptOperation } from '../outbox/operation.ts'

/** A write on its way to origin. */
export interface SentOperation {
  readonly incarnation: string
  readonly n: number
  readonly operationId: string
  readonly principal: string
  readonly kind: string
  /** The client's command exactly as given. */
  readonly payload: unknown
  readonly hash: string
  /** Epoch milliseconds by the cloud's clock as the node could tell it. */
  readonly receivedAt: number
}

/** What origin said of one write: it is recorded (done, refused, or known from before), or could not be tried. */
export interface DeliveryResult {
  readonly incarnation: string
  readonly n: number
  readonly recorded: boolean
  /** Why it could not be tried. */
  readonly reason: string | null
}

/** Origin answered, and cannot use these writes as they are; sending the same again will not help. */
export class DeliveryRefused extends Error {
  override readonly name = 'DeliveryRefused'
}

/** The way up: whatever carries it delivers at least once. */
export interface DeliveryClient {
  /**
   * Delivers writes in their order.
   * @throws DeliveryRefused when origin can't use the request; any other error when there was no usable answer.
   */
  deliver(operations: readonly SentOperation[], signal: AbortSignal): Promise<readonly DeliveryResult[]>
}

/**
 * A write as it is sent at `now` (epoch milliseconds, the cloud's clock). What a node received while its own clock, which was all it
 * had then, ran ahead cannot have been received later than now.
 */
export function toSent({ incarnation, n, operationId, principal, kind, payload, hash, receivedAt }: KeptOperation, now: number): SentOperation {
  return { incarnation, n, operationId, principal, kind, payload: JSON.parse(payload) as unknown, hash, receivedAt: Math.min(receivedAt, Math.floor(now)) }
}
