import { clientDurations } from '../../../runtime/http/figures.ts'
import { Counter, Gauge, type Registry } from '../../../runtime/metrics.ts'
import type { DataStatus } from '../data.ts'
import { nodeStates, type NodeState } from '../state.ts'
import type { OperationKind } from './outbox/operation.ts'

export type DropReason = 'reserved' | 'not_kept'

/** What a node's data says of itself to Prometheus. */
export interface DataMetrics {
  /** A request to origin was answered, or failed with a code. */
  readonly asked: (seconds: number, failure: string | null) => void
  readonly delivered: (result: 'delivered' | 'refused' | 'failed', operations: number) => void
  readonly refused: (kind: OperationKind, code: string) => void
  /** Readings were not kept: the disk did not take them, or what room it has is for others. */
  readonly dropped: (readings: number, reason: DropReason) => void
  readonly lost: (writes: number) => void
  /** Damage of the replica was found: so many ranges of rows, or none where SQLite found it. */
  readonly damaged: (ranges: number) => void
}

/** Registers the figures; the gauges ask when they are scraped. */
export function registerDataMetrics(registry: Registry, status: () => DataStatus, { sessions, longestQueue }: { readonly sessions: () => number; readonly longestQueue: () => number }): DataMetrics {
  const registers = [registry]
  const gauge = (name: string, help: string, value: (status: DataStatus) => number): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(value(status()))
        },
      }),
    )
  }
  registry.registerMetric(
    new Gauge({
      name: 'aisle_edge_state',
      help: '1 for the state that the node is in, 0 for the others; edge-cache/SPEC.md explains them',
      labelNames: ['state'],
      registers: [],
      collect() {
        const { state } = status()
        for (const name of Object.keys(nodeStates) as NodeState[]) this.set({ state: name }, name === state ? 1 : 0)
      },
    }),
  )
  gauge('aisle_edge_batch', 'Newest batch of the log in the replica', ({ position }) => position?.batch ?? 0)
  gauge('aisle_edge_age_seconds', 'Seconds since the replica was known to be the newest', ({ ageSeconds }) => ageSeconds)
  gauge('aisle_edge_online', '1 while origin answers', ({ online }) => (online ? 1 : 0))
  gauge('aisle_edge_outbox_operations', 'Writes whose effect has not come back from the cloud', ({ pendingOperations }) => pendingOperations)
  gauge('aisle_edge_read_sessions', 'Read transactions held now', sessions)
  gauge('aisle_edge_longest_event_queue', 'Changes that wait for the subscriber that is furthest behind; beyond a thousand only the newest of each row', longestQueue)
  const requests = new Counter({ name: 'aisle_edge_deliveries_total', help: 'Requests that carried writes to origin', labelNames: ['result'], registers })
  const operations = new Counter({ name: 'aisle_edge_delivered_operations_total', help: 'Writes that origin has recorded', registers })
  const refusals = new Counter({ name: 'aisle_edge_refusals_total', help: 'Writes refused by this node', labelNames: ['kind', 'code'], registers })
  const dropped = new Counter({ name: 'aisle_edge_dropped_readings_total', help: 'Readings that were not kept: the room left on the disk is for movements and counts (reserved), or it took nothing (not_kept)', labelNames: ['reason'], registers })
  for (const reason of ['reserved', 'not_kept'] satisfies DropReason[]) dropped.inc({ reason }, 0)
  const lost = new Counter({ name: 'aisle_edge_lost_operations_total', help: 'Acknowledged writes that the outbox no longer had; the log names them', registers })
  const damage = new Counter({ name: 'aisle_edge_damage_total', help: 'Times that damage of the replica was found and mended', labelNames: ['by'], registers })
  const asks = clientDurations(registry, 'peer_service')
  return {
    asked: (seconds, failure) => asks.took(seconds, 'origin', failure ?? ''),
    damaged: (ranges) => damage.inc({ by: ranges > 0 ? 'digest' : 'sqlite' }),
    dropped: (readings, reason) => dropped.inc({ reason }, readings),
    lost: (writes) => lost.inc(writes),
    delivered(result, count) {
      requests.inc({ result })
      if (result === 'delivered') operations.inc(count)
    },
    refused: (kind, code) => refusals.inc({ kind, code }),
  }
}
