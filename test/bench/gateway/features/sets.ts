import { fileURLToPath } from 'node:url'
import { withoutSharing } from '../targets/ours.ts'
import type { Surroundings } from './surroundings.ts'

/** How a gateway is started. */
export interface Setup {
  readonly flags: readonly string[]
  /** A module that is loaded before it. */
  readonly preload?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A feature that can be switched: two gateways that differ in it alone. */
export interface FeatureSet {
  readonly name: string
  readonly off: Setup
  readonly on: Setup
  /** Headers that clients send to the second of them only. */
  readonly headers?: Readonly<Record<string, string>>
}

const plain: Setup = { flags: withoutSharing }
const withFlags = (...flags: readonly string[]): Setup => ({ flags: [...withoutSharing, ...flags] })
const preload = (file: string): Setup => ({ ...plain, preload: fileURLToPath(new URL(file, import.meta.url)) })

/** Not a feature, but the same question: undici in place of our own connections to subgraphs. */
export const undiciConnections: FeatureSet = { name: 'undici in place of our connections', off: plain, on: preload('undici-connections.ts') }

/** What of the gateway can be switched. Add a line for each new feature that has a flag. */
export function featureSets({ issuer, collector }: Surroundings): readonly FeatureSet[] {
  return [
    // What this comes out as is what the others may be wrong by.
    { name: 'none: the same twice', off: plain, on: plain },
    {
      name: 'auth check',
      off: plain,
      on: { ...withFlags('--oidc-issuer', issuer.url, '--oidc-audience', issuer.audience), env: { AISLE_CONTEXT_SECRET: 'bench:0123456789abcdef0123456789abcdef' } },
      headers: { authorization: `Bearer ${issuer.token}` },
    },
    { name: 'metrics', off: preload('without-metrics.ts'), on: plain },
    { name: 'tracing, one in ten', off: plain, on: withFlags('--trace-endpoint', collector, '--trace-ratio', '0.1') },
    { name: 'tracing, all', off: plain, on: withFlags('--trace-endpoint', collector, '--trace-ratio', '1') },
    { name: 'cost analysis', off: withFlags('--max-cost', '0'), on: plain },
    { name: 'rate limits', off: plain, on: withFlags('--budget', 'public=999999999') },
    { name: 'circuit breaker', off: withFlags('--breaker-failures', '0'), on: plain },
    { name: 'persisted operations, logged', off: plain, on: withFlags('--persisted-only=log') },
    { name: 'production mode', off: plain, on: withFlags('--production') },
    {
      name: 'header propagation',
      off: plain,
      on: plain,
      headers: { authorization: 'Bearer 0123456789abcdef0123456789abcdef', 'x-request-id': '5f0c954e-5c3b-4d0f-9d2c', 'accept-language': 'en' },
    },
    { name: 'compression (gzip)', off: plain, on: plain, headers: { 'accept-encoding': 'gzip' } },
    { name: 'sharing queries', off: plain, on: { flags: ['--no-share-subgraph-requests'] } },
    { name: 'sharing subgraph requests', off: plain, on: { flags: ['--no-share-queries'] } },
  ]
}
