/** What the process of the followers is told. */
export type Order =
  | { readonly kind: 'start'; readonly origin: string; readonly storeIds: readonly string[]; readonly epoch: string; readonly batch: number; readonly positions: Readonly<Record<string, number>> }
  | { readonly kind: 'forget' }
  | { readonly kind: 'figures' }
  /** All but the first `keep` lose their connection. */
  | { readonly kind: 'drop'; readonly keep: number }
  /** They come back, and the answer comes when each stands at this batch at least. */
  | { readonly kind: 'return'; readonly batch: number }
  | { readonly kind: 'stop' }

/** What it answers, once an order. */
export interface Report {
  /** Milliseconds from write to here, sorted. */
  readonly latencies: readonly number[]
  readonly changes: number
  readonly refusals: number
  /** Milliseconds until the first, half, and all of those who returned had caught up. */
  readonly caughtUp: readonly number[]
}
