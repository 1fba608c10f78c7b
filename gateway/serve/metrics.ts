import { errorTable } from '../../runtime/errors.ts'
import { Durations } from '../../runtime/durations.ts'
import { clientDurations, durationBuckets } from '../../runtime/http/figures.ts'
import { Counter, Gauge, Histogram, type Registry } from '../../runtime/metrics.ts'
import type { OperationCache } from '../execute/operation-cache.ts'
import type { PreparationObserver } from '../execute/preparation.ts'
import type { ClientObserver } from '../subgraphs/client.ts'
import type { BroadcastObserver } from './broadcast.ts'
import type { ReloadResult } from './reload.ts'

/** What the gateway measures of itself. */
export interface GatewayMetrics {
  /** A query or mutation ran for so many seconds. @param name one of the manifest, else empty */
  readonly operation: (name: string, type: string, seconds: number) => void
  /** Something deprecated was asked for. */
  readonly deprecated: (coordinate: string, name: string) => void
  readonly preparation: PreparationObserver
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

export function createGatewayMetrics(registry: Registry, prepared: () => Pick<OperationCache, 'size' | 'bytes'>): GatewayMetrics {
  const registers = [registry]
  const fetches = clientDurations(registry, 'subgraph')
  const operations = new Durations({
    name: 'graphql_operation_duration_seconds',
    help: 'Duration of queries and mutations once they are ready to run; named are those of the manifest alone',
    labelNames: ['graphql_operation_name', 'graphql_operation_type'],
    buckets: durationBuckets,
    registers,
  })
  const phases = new Histogram({
    name: 'graphql_preparation_duration_seconds',
    help: 'Time to parse, validate or plan an operation that was not ready',
    labelNames: ['phase'],
    buckets: [0.0001, 0.00025, 0.0005, ...durationBuckets],
    registers,
  })
  // Counted by hand, since it happens with every request.
  const looked = { hit: 0, miss: 0 }
  const lookups: Counter = new Counter({
    name: 'graphql_plan_cache_requests_total',
    help: 'Operations asked for, by whether their text was known: hit or miss',
    labelNames: ['result'],
    registers,
    collect() {
      lookups.reset()
      for (const [result, count] of Object.entries(looked)) lookups.inc({ result }, count)
    },
  })
  const deprecations = new Counter({
    name: 'graphql_deprecated_usage_total',
    help: 'Requests that used something deprecated, by its schema coordinate and the operation of the manifest, if it is one',
    labelNames: ['coordinate', 'graphql_operation_name'],
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
    collect: () => cache.set(prepared().size),
  })
  const cacheBytes: Gauge = new Gauge({
    name: 'graphql_plan_cache_bytes',
    help: 'Memory that prepared operations take, estimated by their documents and plans',
    registers,
    collect: () => cacheBytes.set(prepared().bytes),
  })
  return {
    operation: (name, type, duration) => operations.took(duration, name, type),
    deprecated: (coordinate, name) => deprecations.inc({ coordinate, graphql_operation_name: name }),
    preparation: {
      looked: (ready) => void looked[ready ? 'hit' : 'miss']++,
      phase: (phase, duration) => phases.observe({ phase }, duration),
    },
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
