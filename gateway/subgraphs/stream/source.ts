import type { RequestScope, SubgraphReply } from '../types.ts'

/** What a subscription to a subgraph is held to. */
export interface SourceOptions {
  /** Longest wait for a connection to be accepted, in milliseconds. */
  readonly timeoutMs: number
  /** Largest event, in bytes. */
  readonly maxResponseBytes: number
  /** How long a lost source is sought again before its subscriptions end with an error, in milliseconds. */
  readonly streamRetryMs: number
  /** How long a connection may be silent although it should have answered, in milliseconds; then it counts as lost. 0 waits for ever. */
  readonly streamSilenceMs: number
  /** Events that nobody has taken yet are replaced by the newest, instead of ending the subscription. */
  readonly newestOnly: boolean
}

/**
 * Where a subgraph's events come from. A source that is lost after it was reached is sought again with back-off and its
 * subscriptions go on; what happened meanwhile is not replayed.
 */
export interface EventSource extends AsyncDisposable {
  /**
   * Ends when the subgraph completes the subscription, or when the scope is aborted.
   * @throws AisleError SUBGRAPH_UNREACHABLE, SUBGRAPH_SUBSCRIPTION_REFUSED, SUBSCRIPTION_INTERRUPTED; SubscriptionRefused
   */
  subscribe(body: string, scope: RequestScope): AsyncGenerator<SubgraphReply, void, undefined>
}
