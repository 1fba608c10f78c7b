/** The writes that a store accepts while its link is down. */
export type OperationKind = 'recordStockMovement' | 'recordStockCount' | 'reportReadings'

/** A write to keep. */
export interface NewOperation {
  readonly principal: string
  readonly operationId: string
  readonly kind: OperationKind
  /** JSON of the client's command exactly as given. */
  readonly payload: string
  /** Of kind and payload, see `payloadHash`. */
  readonly hash: string
  /** Epoch milliseconds by this node's clock; stands for "now" when the cloud runs the command. */
  readonly receivedAt: number
}

/** Waiting; acknowledged by origin; its effect has come back through the log. */
export type OperationState = 'pending' | 'delivered' | 'settled'

/** A write as the outbox keeps it. */
export interface KeptOperation extends NewOperation {
  /** Order of acceptance over all incarnations. */
  readonly seq: number
  /** Minted at every start of a process, so that no restored or cloned disk can use a number twice. */
  readonly incarnation: string
  /** 1, 2, 3 … within the incarnation. */
  readonly n: number
  readonly state: OperationState
  /** JSON of what came of it in the cloud; null until settled. */
  readonly outcome: string | null
}

/** What became of a write offered to the outbox. */
export type AppendResult =
  | { readonly status: 'kept'; readonly operation: KeptOperation }
  /** The same write was kept before. */
  | { readonly status: 'known'; readonly operation: KeptOperation }
  /** Its operationId was kept before with other input. */
  | { readonly status: 'reused' }

/** A place in the cloud's log by which the state of a write is known. */
export interface LogMark {
  readonly epoch: string
  readonly batch: number
}

/** What the log said of one of this store's writes. */
export interface Settlement {
  readonly incarnation: string
  readonly n: number
  /** JSON. */
  readonly outcome: string
}
