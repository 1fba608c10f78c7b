import type { RoleContext } from '../../../runtime/role.ts'
import { Counter } from '../../../runtime/metrics.ts'
import type { EdgeConfig } from '../config.ts'
import { GatewayClient, outcomes } from './client.ts'
import { PassThrough, type PassThroughOptions } from './pass-through.ts'

/** The way to the gateway with its figures; null where none is configured. */
export function openPassThrough({ gateway, gatewayDeadline = 1_500 }: Pick<EdgeConfig, 'gateway' | 'gatewayDeadline'>, { log, metrics }: RoleContext, parts: Omit<PassThroughOptions, 'client' | 'log'>): PassThrough | null {
  if (gateway === undefined) return null
  const asked = new Counter({ name: 'aisle_edge_gateway_requests_total', help: 'Answers that needed the gateway, by how asking it went', labelNames: ['outcome'], registers: [metrics] })
  for (const outcome of outcomes) asked.inc({ outcome }, 0)
  let failing = false
  const client = new GatewayClient({
    url: graphqlAt(gateway),
    deadlineMs: gatewayDeadline,
    onOutcome(outcome, error) {
      asked.inc({ outcome })
      const fails = outcome === 'failed' || outcome === 'late'
      if (fails && !failing) log.warn({ err: error, gateway }, 'the gateway does not answer: what only it knows is refused until it does')
      if (fails || outcome === 'answered') failing = fails
    },
  })
  return new PassThrough({ ...parts, client, log })
}

/** A gateway named by its origin alone answers at its usual path. */
function graphqlAt(gateway: string): string {
  const url = new URL(gateway)
  if (url.pathname === '/') url.pathname = '/graphql'
  return url.href
}
