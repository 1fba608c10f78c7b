import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RoleSpec } from '../supervisor/role.ts'
import { subgraphNames, type Ports } from './ports.ts'

const projectFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const aisle = join(projectFolder, 'aisle.ts')

export interface RolesOptions {
  readonly ports: Ports
  readonly databaseUrl: string
  /** The store that the edge node serves; no edge node without one. */
  readonly store: string | null
  /** What roles keep on disk goes below it. */
  readonly folder: string
  /** The explorer's example tabs. */
  readonly examples: string
  readonly simulate: boolean
  /** What the gateway and the subgraphs share, so that nobody else is answered by these. */
  readonly contextSecret: string
}

/** Every process of a local run, in the words of the command line. */
export function rolesOf({ ports, databaseUrl, store, folder, examples, simulate, contextSecret }: RolesOptions): RoleSpec[] {
  const url = (port: number): string => `http://localhost:${port}`
  const role = (name: keyof Ports, parameters: readonly string[], place: RoleSpec['place'], environment: Record<string, string> = {}): RoleSpec => ({
    name,
    parameters: [aisle, ...parameters, '--port', String(ports[name])],
    environment,
    url: url(ports[name]),
    place,
  })
  const withDatabase = { DATABASE_URL: databaseUrl }
  const withSecret = { AISLE_CONTEXT_SECRET: contextSecret }
  const schema = (file: string): string => resolve(projectFolder, 'schema', file)
  const subgraphUrls = subgraphNames.flatMap((name) => ['--subgraph-url', `${name}=${url(ports[name])}/graphql`])
  return [
    ...subgraphNames.map((name) => role(name, ['subgraph', name, ...(name === 'search' ? ['--data', join(folder, 'search')] : [])], 'cloud', { ...withDatabase, ...withSecret })),
    role('origin', ['origin'], 'cloud', withDatabase),
    role('gateway', ['gateway', '--supergraph', schema('supergraph.graphql'), '--manifest', schema('manifest.json'), '--examples', examples, ...subgraphUrls], 'cloud', withSecret),
    ...(store === null ? [] : [role('edge', ['edge', '--origin', url(ports.origin), '--gateway', url(ports.gateway), '--store', store, '--data', join(folder, 'edge', encodeURIComponent(store))], 'store')]),
    ...(simulate ? [{ name: 'simulate', parameters: [aisle, 'simulate', '--gateway', url(ports.gateway), '--rate', '6/s'], url: null, place: 'cloud' } as const] : []),
  ]
}
