import type { Caller } from '../../runtime/identity/caller.ts'
import type { JsonObject } from '../../runtime/json.ts'

/** What belongs to one client request and goes with everything that is asked on its behalf. */
export interface RequestScope {
  /** Headers for subgraphs as they are now, already filtered by the propagation rule; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Who asks, as text: equal for the same with equal headers (but for those that only trace a request) and for no others. */
  readonly caller: string
  readonly who: Caller
  /** Aborted when the client has gone away. */
  readonly signal: AbortSignal
}

/** A subgraph's answer, parsed; `errors` is as it came. */
export interface SubgraphReply {
  readonly data: JsonObject | null
  readonly errors: unknown
  /** It is known that no string in the data needs an escape in JSON. */
  readonly plain?: boolean
}

/** What may be done with a request besides sending it once. */
export interface SendPolicy {
  /** It reads and changes nothing, so that it may be sent again after a failure. */
  readonly repeatable: boolean
  /** An equal request that is already in flight may answer it. */
  readonly shareable: boolean
}

/** How the executor reaches the subgraphs, by name. */
export interface Subgraphs {
  /**
   * Sends a ready JSON body.
   * @throws AisleError SUBGRAPH_UNREACHABLE, SUBGRAPH_TIMEOUT, SUBGRAPH_BAD_RESPONSE, REQUEST_CANCELLED
   */
  request(service: string, body: string, scope: RequestScope, policy: SendPolicy): Promise<SubgraphReply>
  /**
   * Opens a subscription; ends when the subgraph completes it, or when the scope is aborted.
   * @throws AisleError SUBGRAPH_UNREACHABLE, SUBGRAPH_SUBSCRIPTION_REFUSED, SUBSCRIPTION_INTERRUPTED; SubscriptionRefused when the subgraph answers with errors
   */
  subscribe(service: string, body: string, scope: RequestScope): AsyncIterable<SubgraphReply>
}

/** The subgraph refused a subscription, or ended it, with GraphQL errors. */
export class SubscriptionRefused extends Error {
  override readonly name = 'SubscriptionRefused'
  readonly errors: unknown

  constructor(errors: unknown) {
    super('The subgraph refused the subscription.')
    this.errors = errors
  }
}
