import { errorTable } from '../../runtime/errors.ts'
import { Durations } from '../../runtime/durations.ts'
import { Counter, Gauge, type Registry } from '../../runtime/metrics.ts'
import type { ClientObserver } from '../subgraphs/client.ts'
import type { BroadcastObserver } from './broadcast.ts'
import type { ReloadResult } from './reload.ts'

/** What the gateway measures of itself. */
export interface GatewayMetrics {
  /** Seconds from a request's arrival to its answer. */
  readonly request: (method: string, status: number, seconds: number) => void
  readonly subgraphs: ClientObserver
  /** A query was answered together with an equal one. */
  readonly sharedQuery: () => void
  readonly error: (code: string) => void
  /** A document was served although it was not asked for by an id of the manifest. */
  readonly unlistedDocument: () => void
  /** The source of the supergraph had something new. */
  readonly reload: (result: ReloadResult) => void
  readonly broadcasts: BroadcastObserver
  readonly subscriptionStarted: () => void
  readonly subscriptionEnded: () => void
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createGatewayMetrics(registry: Registry, cacheSize: () => number): GatewayMetrics {
  const registers = [registry]
  const requests = new Durations({
    name: 'http_server_request_duration_seconds',
    help: 'Duration of GraphQL requests over HTTP',
    labelNames: ['http_request_method', 'http_response_status_code'],
    buckets: seconds,
    registers,
  })
  const fetches = new Durations({
    name: 'http_client_request_duration_seconds',
    help: 'Duration of requests to subgraphs; error_type is empty for those that were answered',
    labelNames: ['subgraph', 'error_type'],
    buckets: seconds,
    registers,
  })
  const errors = new Counter({ name: 'graphql_errors_total', help: 'Errors in answers, by extensions.code', labelNames: ['code'], registers })
  const shared = new Counter({ name: 'graphql_shared_total', help: 'Work that was not done because equal work was in flight: client queries, subscriptions, and requests to subgraphs', labelNames: ['kind'], registers })
  const retries = new Counter({ name: 'graphql_subgraph_retries_total', help: 'Queries sent again to a subgraph after a failure', labelNames: ['subgraph'], registers })
  const circuits = new Gauge({ name: 'graphql_subgraph_circuit_open', help: '1 while a failing subgraph is not asked', labelNames: ['subgraph'], registers })
  const reloads = new Counter({ name: 'graphql_supergraph_reloads_total', help: 'New supergraphs, by what became of them: taken, refused, or unreadable', labelNames: ['result'], registers })
  const unlisted = new Counter({ name: 'graphql_unlisted_documents_total', help: 'Documents served that --persisted-only would refuse; counted with --persisted-only=log', registers })
  const subscriptions = new Gauge({ name: 'graphql_active_subscriptions', help: 'Subscriptions being served', registers })
  const sources = new Gauge({ name: 'graphql_subscription_sources', help: 'Subscriptions open at subgraphs; equal ones of clients share one', registers })
  const cache: Gauge = new Gauge({
    name: 'graphql_plan_cache_entries',
    help: 'Prepared operations in memory',
    registers,
    collect: () => cache.set(cacheSize()),
  })
  return {
    request: (method, status, duration) => requests.took(duration, method, String(status)),
    subgraphs: {
      fetch: (subgraph, duration, failure) => fetches.took(duration, subgraph, failure ?? ''),
      shared: () => shared.inc({ kind: 'subgraph_request' }),
      retried: (subgraph) => retries.inc({ subgraph }),
      circuit: (subgraph, open) => circuits.set({ subgraph }, open ? 1 : 0),
    },
    sharedQuery: () => shared.inc({ kind: 'query' }),
    // Subgraphs choose codes freely, so that only known ones may become a label.
    error: (code) => errors.inc({ code: code in errorTable ? code : 'OTHER' }),
    reload(result) {
      reloads.inc({ result })
      // The subgraphs of a new supergraph start with closed circuits, and may have other names.
      if (result === 'taken') circuits.reset()
    },
    unlistedDocument: () => unlisted.inc(),
    broadcasts: { joined: () => shared.inc({ kind: 'subscription' }), opened: () => sources.inc(), closed: () => sources.dec() },
    subscriptionStarted: () => subscriptions.inc(),
    subscriptionEnded: () => subscriptions.dec(),
  }
}
