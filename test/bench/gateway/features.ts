import { withoutSharing } from './targets/ours.ts'

/** A feature that can be switched: the flags of two gateways that differ in it alone. */
export interface FeatureSet {
  readonly name: string
  readonly off: readonly string[]
  readonly on: readonly string[]
  /** Headers that clients send to the second of them only. */
  readonly headers?: Readonly<Record<string, string>>
}

const plain = withoutSharing

/** What of the gateway can be switched. Add a line for each new feature that has a flag. */
export const featureSets: readonly FeatureSet[] = [
  { name: 'sharing queries', off: plain, on: ['--no-share-subgraph-requests'] },
  { name: 'sharing subgraph requests', off: plain, on: ['--no-share-queries'] },
  { name: 'circuit breaker', off: [...plain, '--breaker-failures', '0'], on: plain },
  { name: 'persisted operations, logged', off: plain, on: [...plain, '--persisted-only=log'] },
  { name: 'cost analysis', off: [...plain, '--max-cost', '0'], on: plain },
  { name: 'rate limits', off: plain, on: [...plain, '--budget', 'public=999999999'] },
  { name: 'production mode', off: plain, on: [...plain, '--production'] },
  {
    name: 'header propagation',
    off: plain,
    on: plain,
    headers: { authorization: 'Bearer 0123456789abcdef0123456789abcdef', 'x-request-id': '5f0c954e-5c3b-4d0f-9d2c', 'accept-language': 'en' },
  },
  { name: 'compression (gzip)', off: plain, on: plain, headers: { 'accept-encoding': 'gzip' } },
]
