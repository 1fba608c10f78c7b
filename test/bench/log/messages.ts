import type { LoopReport } from './loop-watch.ts'

/** What a process of followers is told. */
export type Order =
  | { readonly kind: 'start'; readonly origin: string; readonly storeIds: readonly string[]; readonly epoch: string; readonly batch: number; readonly positions: Readonly<Record<string, number>> }
  | { readonly kind: 'forget' }
  /** Of changes written before this instant alone (epoch milliseconds); of all that came without it. */
  | { readonly kind: 'figures'; readonly writtenBefore?: number }
  /** All lose their connection, and with `forget` everything since the start. */
  | { readonly kind: 'drop'; readonly forget: boolean }
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
  readonly loop: LoopReport
}
