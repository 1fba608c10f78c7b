import { Gauge, type Registry } from '../../runtime/metrics.ts'
import { registerLagMetrics, type StoreLag } from './lag.ts'
import type { PostgresSource } from '../../subgraphs/log/postgres-source.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'

/** Figures that are looked up when they are asked for. */
export function registerOriginMetrics(registry: Registry, { pool }: PostgresStorage, source: PostgresSource, lag: StoreLag): void {
  const registers = [registry]
  void new Gauge({
    name: 'aisle_origin_followers_waiting',
    help: 'Requests that wait for a change',
    registers,
    collect() {
      this.set(source.waiting)
    },
  })
  void new Gauge({
    name: 'aisle_origin_catch_ups_waiting',
    help: 'Requests for older changes that wait for their turn',
    registers,
    collect() {
      this.set(source.catchUpsWaiting)
    },
  })
  void new Gauge({
    name: 'aisle_origin_copies_waiting',
    help: 'Requests for a copy that wait for their turn',
    registers,
    collect() {
      this.set(source.copiesWaiting)
    },
  })
  void new Gauge({
    name: 'aisle_sequencer_backlog_changes',
    help: 'Captured changes that wait to be moved to the log; NaN while the database does not answer',
    registers,
    async collect() {
      this.set(await one('select count(*) as value from outbox'))
    },
  })
  void new Gauge({
    name: 'aisle_log_head_batch',
    help: 'Newest batch of the log, whoever moved it; NaN while the database does not answer',
    registers,
    async collect() {
      this.set(await one('select batch as value from log_fence where id = 1'))
    },
  })

  registerLagMetrics(registry, lag, () => one('select batch as value from log_fence where id = 1'))

  async function one(statement: string): Promise<number> {
    try {
      return (await pool.query<{ value: number }>(statement)).rows[0]?.value ?? Number.NaN
    } catch {
      return Number.NaN
    }
  }
}
