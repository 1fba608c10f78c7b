import { expect, test } from '@jest/globals'
import { Command } from 'commander'
import { decodeConfig } from '../runtime/config.ts'
import { createRoleContext } from '../runtime/role.ts'
import { registerGatewayCommand } from './command.ts'
import { gatewayConfig } from './config.ts'
import { startGateway } from './main.ts'
import { startFederation } from './testing/federation.ts'
import { loadSupergraph } from './supergraph/supergraph.ts'

/** What the command line makes of its arguments, without starting anything. */
function readOptions(...given: string[]): unknown {
  const program = new Command().exitOverride()
  registerGatewayCommand(program)
  const [command] = program.commands
  if (command === undefined) throw new Error('no command was added')
  let options: unknown
  command.exitOverride().configureOutput({ writeErr: () => {} }).action((read: unknown) => {
    options = read
  })
  program.parse(['gateway', ...given], { from: 'user' })
  return options
}

function withEnvironment<T>(variables: Readonly<Record<string, string>>, read: () => T): T {
  const before = { ...process.env }
  Object.assign(process.env, variables)
  try {
    return read()
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name]
    Object.assign(process.env, before)
  }
}

test('the command line decodes to a configuration, with defaults for the rest', () => {
  const options = readOptions('--port', '0', '--persisted-only', '--manifest', 'm.json', '--subgraph-timeout', 'a=20', '--subgraph-url', 'a=http://x:1/graphql', '--subgraph-url', 'b=http://y/', '--timeout', '50', '--production')
  expect(decodeConfig(gatewayConfig, options)).toMatchObject({
    port: 0,
    supergraph: 'schema/supergraph.graphql',
    persistedOnly: 'required',
    subgraphUrl: { a: 'http://x:1/graphql', b: 'http://y' },
    timeout: 50,
    subgraphTimeout: { a: 20 },
    production: true,
  })
})

test('what is on by default can be switched off, and the manifest can be rehearsed', () => {
  const off = readOptions('--no-apq', '--no-share-queries', '--no-share-subgraph-requests', '--no-compression', '--persisted-only=log', '--retries', '0', '--plan-cache', '7')
  const expected = { apq: false, shareQueries: false, shareSubgraphRequests: false, compression: false, persistedOnly: 'log', retries: 0, planCache: 7 }
  expect(decodeConfig(gatewayConfig, off)).toMatchObject(expected)
  expect(decodeConfig(gatewayConfig, readOptions())).toMatchObject({ apq: true, shareQueries: true, shareSubgraphRequests: true, compression: true, persistedOnly: 'off' })
})

test('a grace that would leave open requests no time to finish is refused, unless stopping may take longer', () => {
  const decode = (...given: string[]): unknown => decodeConfig(gatewayConfig, readOptions(...given))
  expect(() => decode('--drain-grace', '5000')).toThrow('--drain-grace')
  expect(decode('--drain-grace', '20000', '--drain-limit', '30000')).toMatchObject({ drainGrace: 20_000, drainLimit: 30_000 })
})

test('how a subgraph is subscribed to is said by name or by URL', () => {
  const read = readOptions('--subgraph-subscriptions', 'a=sse', '--subgraph-subscriptions', 'b=graphql-ws,c=wss://c/ws', '--subgraph-subscriptions', 'd=https://d/stream')
  expect(decodeConfig(gatewayConfig, read)).toMatchObject({
    subgraphSubscriptions: { a: { protocol: 'sse' }, b: { protocol: 'graphql-ws' }, c: { protocol: 'graphql-ws', url: 'wss://c/ws' }, d: { protocol: 'sse', url: 'https://d/stream' } },
  })
  expect(() => decodeConfig(gatewayConfig, readOptions('--subgraph-subscriptions', 'a=carrier-pigeon'))).toThrow('--subgraph-subscriptions')
})

test('headers may be listed in one variable, parted by commas', () => {
  const read = decodeConfig(gatewayConfig, withEnvironment({ AISLE_PROPAGATE_HEADERS: 'Authorization, X-Tenant', AISLE_TRACE_HEADERS: 'b3' }, () => readOptions()))
  expect(read).toMatchObject({ propagateHeader: ['authorization', 'x-tenant'], traceHeader: ['b3'] })
})

test.each([
  ['1', true],
  ['true', true],
  ['on', true],
  ['0', false],
  ['false', false],
  ['No', false],
  ['', false],
])('a variable that stands for a flag without a value means what it holds: %j', (value, given) => {
  const variables = { AISLE_NO_SHARE_QUERIES: value, AISLE_NO_COMPRESSION: value, AISLE_PRODUCTION: value }
  const read = decodeConfig(gatewayConfig, withEnvironment(variables, () => readOptions()))
  expect(read).toMatchObject({ shareQueries: !given, compression: !given, production: given })
})

test('what cannot be used is named', () => {
  expect(() => readOptions('--subgraph-url', 'nonsense')).toThrow('name=url')
  expect(() => decodeConfig(gatewayConfig, { supergraph: 'x', timeout: 'soon' })).toThrow('--timeout')
  expect(() => decodeConfig(gatewayConfig, {})).toThrow('--supergraph')
})

test('a switch that can only be meant otherwise is not taken', async () => {
  const decode = (...given: string[]): unknown => decodeConfig(gatewayConfig, readOptions(...given))
  expect(() => decode('--persisted-only')).toThrow('--manifest: name the manifest')
  expect(() => decode('--persisted-only=all', '--manifest', 'm.json')).toThrow('write required, safelist or log')
  const things = { sdl: 'type Query { a: Int }' }
  for (const settings of [{ subgraphSubscriptions: { thing: 'sse' } }, { subgraphTimeout: { thing: '5' } }]) {
    await expect(startFederation({ things }, settings)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('"thing", but the supergraph has only things') })
  }
})

test('a supergraph that cannot be used is refused with the reason', async () => {
  const start = (supergraph: string): Promise<unknown> => startGateway(decodeConfig(gatewayConfig, { supergraph, port: 0 }), createRoleContext('gateway', 'silent'))
  await expect(start('/no/such/file.graphql')).rejects.toMatchObject({ code: 'SUPERGRAPH_INVALID' })
  await expect(start('http://127.0.0.1:1/supergraph')).rejects.toMatchObject({ code: 'SUPERGRAPH_INVALID' })
  for (const sdl of ['type Query {', 'type Query { a: Int }']) await expect(loadSupergraph(sdl)).rejects.toThrow(expect.objectContaining({ code: 'SUPERGRAPH_INVALID' }))
})
