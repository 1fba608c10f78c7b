import type { LogEvent } from 'kysely'
import { Counter, Gauge, Histogram, type Registry } from '../../runtime/metrics.ts'

/** The figures of a subgraph. Durations are seconds. */
export interface SubgraphMetrics {
  readonly statement: (event: LogEvent) => void
  readonly request: (status: number, seconds: number) => void
  readonly subscription: (change: 1 | -1) => void
  /** Reads have a replica; tells whether they go there. */
  readonly replicated: (now: () => boolean) => void
}

export function subgraphMetrics(registry: Registry): SubgraphMetrics {
  const registers = [registry]
  const statements = new Histogram({
    name: 'aisle_sql_statement_duration_seconds',
    help: 'SQL statements by outcome; the count is the number of statements.',
    labelNames: ['outcome'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5],
    registers,
  })
  const failures = new Counter({ name: 'aisle_sql_errors_total', help: 'SQL statements that failed.', registers })
  const requests = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'GraphQL requests over HTTP by status.',
    labelNames: ['status'],
    buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  })
  const subscriptions = new Gauge({ name: 'aisle_subscriptions', help: 'Subscriptions open now.', registers })
  return {
    statement({ level, queryDurationMillis }) {
      statements.observe({ outcome: level === 'error' ? 'error' : 'done' }, queryDurationMillis / 1000)
      if (level === 'error') failures.inc()
    },
    request: (status, seconds) => requests.observe({ status: String(status) }, seconds),
    subscription: (change) => subscriptions.inc(change),
    replicated(now) {
      const gauge: Gauge = new Gauge({
        name: 'aisle_sql_reads_replicated',
        help: '1 while reads go to the read replica, 0 while it is too far behind or away and the primary takes them.',
        registers,
        collect: () => gauge.set(now() ? 1 : 0),
      })
    },
  }
}
