import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { composeServices } from '@theguild/federation-composition'
import { parse } from 'graphql'
import { createRoleContext, type RoleContext } from '../../runtime/role.ts'
import { decodeConfig } from '../../runtime/config.ts'
import { gatewayConfig } from '../config.ts'
import { isObject, type JsonObject } from '../../runtime/json.ts'
import { startGateway } from '../main.ts'
import { startSubgraph, type SubgraphDefinition, type TestSubgraph } from './subgraph.ts'

/** A response as a client sees it. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly data: unknown
  readonly errors: readonly { message: string; path?: (string | number)[]; extensions: JsonObject }[]
  readonly text: string
}

/** A gateway over real subgraphs, each behind its own HTTP server. */
export interface Federation<Names extends string> extends AsyncDisposable {
  readonly url: string
  readonly context: RoleContext
  readonly subgraphs: Readonly<Record<Names, TestSubgraph>>
  /** The file that the gateway reads its supergraph from. */
  readonly supergraph: string
  /** Sends a POST and reads the answer. */
  ask(query: string, variables?: JsonObject, headers?: Record<string, string>): Promise<Answer>
}

/** Settings of the gateway that a test cares about, as its command line would give them. */
export type GatewaySettings = Readonly<Record<string, unknown>>

/**
 * Starts the subgraphs, composes them, and starts a gateway over what comes out.
 * @param edit changes the supergraph into what another composition would have made of the subgraphs
 */
export async function startFederation<Names extends string>(
  definitions: Record<Names, SubgraphDefinition>,
  settings: GatewaySettings = {},
  edit: (supergraph: string) => string = (composed) => composed,
): Promise<Federation<Names>> {
  const started: [string, TestSubgraph][] = []
  const entries: [string, SubgraphDefinition][] = Object.entries(definitions)
  await using onFailure = new AsyncDisposableStack()
  for (const [name, definition] of entries) {
    const subgraph = onFailure.use(await startSubgraph(definition))
    started.push([name, subgraph])
  }
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'))
  const supergraph = join(folder, 'supergraph.graphql')
  await writeFile(supergraph, edit(compose(started)))
  const context = createRoleContext('gateway', 'silent')
  const gateway = await startGateway(decodeConfig(gatewayConfig, { port: 0, host: '127.0.0.1', supergraph, ...settings }), context)
  onFailure.use(gateway)
  onFailure.defer(() => rm(folder, { recursive: true, force: true }))
  const all = onFailure.move()
  const url = `${gateway.url}/graphql`
  const subgraphs: Partial<Record<string, TestSubgraph>> = Object.fromEntries(started)
  return {
    url,
    context,
    supergraph,
    subgraphs: subgraphs as Record<Names, TestSubgraph>,
    ask: (query, variables, headers) => post(url, { query, ...(variables === undefined ? {} : { variables }) }, headers),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Composes running subgraphs into a supergraph's SDL; fails with every reason why it cannot be done. */
export function compose(subgraphs: readonly [string, Pick<TestSubgraph, 'sdl' | 'url'>][]): string {
  const result = composeServices(subgraphs.map(([name, { sdl, url }]) => ({ name, url, typeDefs: parse(sdl) })))
  if (result.supergraphSdl === undefined) throw new Error(result.errors.map(({ message }) => message).join('\n'))
  return result.supergraphSdl
}

/** Sends a JSON body, whatever it is, and reads the answer. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return readAnswer(await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) }))
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text()
  const body: unknown = text === '' ? {} : JSON.parse(text)
  const { data, errors } = isObject(body) ? body : {}
  return { status: response.status, headers: response.headers, data, errors: Array.isArray(errors) ? errors : [], text }
}
