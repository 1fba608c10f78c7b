import { fileURLToPath } from 'node:url'
import type { TargetDefinition } from './target.ts'

const entry = fileURLToPath(new URL('../../../../aisle.ts', import.meta.url))

export const withoutSharing: readonly string[] = ['--no-share-queries', '--no-share-subgraph-requests']

export interface OwnOptions {
  /** A module that is loaded before the gateway. */
  readonly preload?: string
  readonly env?: Readonly<Record<string, string>>
}

/** This gateway, as its own role. */
export function ours(name: string, supergraph: string, flags: readonly string[] = [], { preload, env = {} }: OwnOptions = {}): TargetDefinition {
  return {
    name,
    args: (port) => [...(preload === undefined ? [] : ['--import', preload]), entry, 'gateway', '--port', String(port), '--host', '127.0.0.1', '--supergraph', supergraph, ...flags],
    env: () => env,
  }
}
