import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TargetDefinition } from './target.ts'

const entry = fileURLToPath(new URL('../../../../aisle.ts', import.meta.url))

export const withoutSharing: readonly string[] = ['--no-share-queries', '--no-share-subgraph-requests']

/** Node's options in the image. */
function imageOptions(): string {
  const options = /^ENV NODE_OPTIONS=(.*)$/m.exec(readFileSync(new URL('../../../../Dockerfile', import.meta.url), 'utf8'))?.[1]
  if (options === undefined) throw new Error('the Dockerfile sets no NODE_OPTIONS')
  return options
}

/** This gateway, as its own role, with Node's options as in the image. */
export function ours(name: string, supergraph: string, flags: readonly string[] = []): TargetDefinition {
  return {
    name,
    args: (port) => [entry, 'gateway', '--port', String(port), '--host', '127.0.0.1', '--supergraph', supergraph, ...flags],
    env: () => ({ NODE_OPTIONS: imageOptions() }),
  }
}
