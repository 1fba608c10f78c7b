import { setTimeout as sleep } from 'node:timers/promises'
import { Counter, type Registry } from '../../../runtime/metrics.ts'
import type { Health } from '../../../runtime/health.ts'
import type { Logger } from '../../../runtime/log.ts'
import { act, askCompanions } from './act.ts'
import { createClient } from './client.ts'
import { learnStores, type SimulatedStore } from './learn.ts'
import { Planner, traffic, type Happening } from './plan.ts'

export interface SimulationOptions {
  /** Where the gateway answers GraphQL. */
  readonly url: string
  /** Happenings a second at the busiest hour. */
  readonly rate: number
  readonly seed: string
  readonly log: Logger
  readonly health: Health
  readonly metrics: Registry
  /** Hears each thing that happened, and why it was refused (null when it was not). */
  readonly onHappened?: (happening: Happening, refusal: string | null) => void
}

/** How often the graph is asked anew for stores, devices and levels, in milliseconds. */
const relearnMs = 30 * 60 * 1000
/** The pause before the graph is asked anew, also while no store carries anything yet, in milliseconds. */
const pauseMs = 2_000

/** Runs until disposed. Outages of the gateway are waited out. */
export function startSimulation(options: SimulationOptions): AsyncDisposable {
  const { url, log, health, metrics } = options
  const stop = new AbortController()
  const happenings = new Counter({ name: 'aisle_simulated_total', help: 'Things that the simulation made happen, by kind and outcome.', labelNames: ['kind', 'outcome'], registers: [metrics] })
  let outage: string | null = null
  let learned = false
  health.require('gateway', () => outage)
  health.require('stores', () => (learned ? null : 'the graph has not told yet what stores carry'))
  const send = createClient({
    url,
    signal: stop.signal,
    onOutage(change) {
      if (change === null) log.info('the gateway answers again')
      else if (outage === null) log.warn({ reason: change.reason }, 'the gateway cannot serve; waiting for it')
      outage = change === null ? null : change.reason
    },
  })

  const run = async (): Promise<void> => {
    for (let round = 0; !stop.signal.aborted; round += 1) {
      try {
        await sell(`${options.seed}/${round}`)
      } catch (error) {
        if (stop.signal.aborted) return
        log.error({ err: error }, 'the graph answered what the simulation cannot use; beginning anew')
      }
      await sleep(pauseMs, undefined, { signal: stop.signal }).catch(() => {})
    }
  }

  const sell = async (seed: string): Promise<void> => {
    const stores = (await learnStores(send)).filter((store) => store.productIds.length > 0)
    if (stores.length === 0) return
    log.info({ stores: stores.length, rate: options.rate }, 'selling')
    learned = true
    await happen(new Planner(stores, askCompanions(send), seed), stores)
  }

  const happen = async (planner: Planner, stores: readonly SimulatedStore[]): Promise<void> => {
    const until = performance.now() + relearnMs
    for (let due = performance.now(); performance.now() < until;) {
      const now = Date.now()
      const happening = await planner.next(now)
      const refusal = await act(send, planner, happening, now)
      happenings.inc({ kind: happening.kind, outcome: refusal === null ? 'done' : 'refused' })
      if (refusal !== null) log.debug({ happening: happening.kind, refusal }, 'refused')
      options.onHappened?.(happening, refusal)
      due = Math.max(due, performance.now() - 1000) + 1000 / (options.rate * activity(stores, now))
      const wait = due - performance.now()
      if (wait > 0) await sleep(wait, undefined, { signal: stop.signal })
    }
  }

  const running = run()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

/** How much of the full rate the chain sees now: the mean over its stores, each by its own clock. */
function activity(stores: readonly SimulatedStore[], now: number): number {
  return stores.reduce((sum, { timezone }) => sum + traffic(timezone, now), 0) / stores.length
}
