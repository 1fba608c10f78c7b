import type { LogEvent } from 'kysely'
import { durationBuckets } from '../../runtime/http/figures.ts'
import { Gauge, Histogram, type Registry } from '../../runtime/metrics.ts'
import { currentSpan } from '../../runtime/request.ts'

/** The figures of a subgraph. Durations are seconds. */
export interface SubgraphMetrics {
  readonly statement: (event: LogEvent) => void
  readonly subscription: (change: 1 | -1) => void
  /** Reads have a replica; tells whether they go there. */
  readonly replicated: (now: () => boolean) => void
}

/** What Kysely calls its statements, by OpenTelemetry's names of operations; anything else is OTHER. */
const operations: Readonly<Record<string, string>> = {
  SelectQueryNode: 'SELECT',
  InsertQueryNode: 'INSERT',
  UpdateQueryNode: 'UPDATE',
  DeleteQueryNode: 'DELETE',
  RawNode: 'RAW',
}

export function subgraphMetrics(registry: Registry): SubgraphMetrics {
  const registers = [registry]
  const statements = new Histogram({
    name: 'db_client_operation_duration_seconds',
    help: 'Duration of SQL statements, by kind; error_type is empty for those that succeeded',
    labelNames: ['db_system_name', 'db_operation_name', 'error_type'],
    buckets: [0.0005, ...durationBuckets],
    registers,
  })
  const subscriptions = new Gauge({ name: 'graphql_active_subscriptions', help: 'Subscriptions being served', registers })
  return {
    statement(event) {
      const { level, queryDurationMillis, query } = event
      const operation = operations[query.query.kind] ?? 'OTHER'
      const failure = level === 'error' ? stateOf(event.error) : ''
      statements.observe({ db_system_name: 'postgresql', db_operation_name: operation, error_type: failure }, queryDurationMillis / 1000)
      const parent = currentSpan()
      if (!parent.recording) return
      // The text has placeholders where values stand.
      const span = parent.child(operation, 'client', { 'db.system.name': 'postgresql', 'db.operation.name': operation, 'db.query.text': query.sql.slice(0, 2_000) }, Date.now() - queryDurationMillis)
      if (level === 'error') span.fail(failure)
      span.end()
    },
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

/** The class of an SQLSTATE, of which there are some forty: 23 for a broken constraint, 57 for a server that goes. */
function stateOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return /^[0-9A-Z]{5}$/.test(code) ? code.slice(0, 2) : 'OTHER'
}
