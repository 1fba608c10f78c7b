import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startRole, type RoleProcess } from './process.ts'
import { ready } from './wait.ts'

export const subgraphNames = ['search', 'recommendation', 'inventory', 'device'] as const
type Cloud = (typeof subgraphNames)[number] | 'origin' | 'gateway'

const schema = (name: string): string => fileURLToPath(new URL(`../../schema/${name}`, import.meta.url))

/** Everything that answers, each role a process of its own on a free port. */
export interface Stack extends AsyncDisposable {
  readonly gateway: RoleProcess
  readonly edge: RoleProcess
  readonly role: (name: Cloud) => RoleProcess
  /** Ends every process of the cloud at once; the store's node goes on. */
  cutCloud(): Promise<void>
  /** Brings the cloud back on the ports it had. */
  restoreCloud(): Promise<void>
  /** Starts the gateway, which was killed, on the port it had; resolves when it can serve. */
  restartGateway(): Promise<void>
  /** Kills the node and starts it again on its data, with another manifest where one is given. */
  restartEdge(manifest?: string): Promise<void>
}

/**
 * Starts the four subgraphs, origin, gateway and the node of `storeId` over a database that is filled already.
 * @param passThrough whether the node asks the gateway for what it does not hold.
 * @param edgeManifest the file of the operations that the node answers; the committed ones without it.
 */
export async function startStack(databaseUrl: string, storeId: string, edgeManifest: string = schema('manifest.json'), { passThrough = false }: { readonly passThrough?: boolean } = {}): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'aisle-stack-'))
  const env = { DATABASE_URL: databaseUrl, AISLE_LOG_LEVEL: 'warn' }
  const cloud = new Map<Cloud, RoleProcess>()
  let ports = new Map<Cloud, string>()
  let edge: RoleProcess | null = null

  const port = (name: Cloud): string => ports.get(name) ?? '0'
  const startGateway = async (): Promise<void> => {
    const urls = subgraphNames.flatMap((name) => ['--subgraph-url', `${name}=${get(name).url}/graphql`])
    cloud.set('gateway', await startRole('gateway', ['gateway', '--port', port('gateway'), '--supergraph', schema('supergraph.graphql'), '--manifest', schema('manifest.json'), ...urls], env))
  }
  const startCloud = async (): Promise<void> => {
    await Promise.all([
      ...subgraphNames.map(async (name) => {
        cloud.set(name, await startRole(name, ['subgraph', name, '--port', port(name), '--data', join(folder, name)], env))
      }),
      (async () => {
        cloud.set('origin', await startRole('origin', ['origin', '--port', port('origin')], env))
      })(),
    ])
    await startGateway()
    ports = new Map([...cloud].map(([name, role]) => [name, new URL(role.url).port]))
    await Promise.all([...cloud.values()].map((role) => ready(role.url)))
  }
  const get = (name: Cloud): RoleProcess => {
    const role = cloud.get(name)
    if (role === undefined) throw new Error(`${name} is not running`)
    return role
  }
  const startEdge = async (edgePort: string, manifest = edgeManifest): Promise<void> => {
    const args = ['--port', edgePort, '--origin', get('origin').url, '--store', storeId, '--data', join(folder, 'edge'), '--manifest', manifest, ...(passThrough ? ['--gateway', get('gateway').url] : [])]
    edge = await startRole('edge', ['edge', ...args], { AISLE_LOG_LEVEL: 'warn' })
    await ready(edge.url)
  }
  const theEdge = (): RoleProcess => {
    if (edge === null) throw new Error('the node is not running')
    return edge
  }

  const end = async (): Promise<void> => {
    await Promise.all([...cloud.values(), ...(edge === null ? [] : [edge])].map((role) => role[Symbol.asyncDispose]()))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await startCloud()
    await startEdge('0')
  } catch (error) {
    await end()
    throw error
  }
  return {
    get gateway() {
      return get('gateway')
    },
    get edge() {
      return theEdge()
    },
    role: get,
    async cutCloud() {
      await Promise.all([...cloud.values()].map((role) => role.kill()))
    },
    restoreCloud: startCloud,
    async restartGateway() {
      await startGateway()
      await ready(get('gateway').url)
    },
    async restartEdge(manifest) {
      const { url } = theEdge()
      await theEdge().kill()
      await startEdge(new URL(url).port, manifest)
    },
    [Symbol.asyncDispose]: end,
  }
}
