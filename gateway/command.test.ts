import { expect, test } from '@jest/globals'
import { Command } from 'commander'
import { decodeConfig } from '../runtime/config.ts'
import { createRoleContext } from '../runtime/role.ts'
import { registerGatewayCommand } from './command.ts'
import { gatewayConfig } from './config.ts'
import { startGateway } from './main.ts'
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

test('the command line decodes to a configuration, with defaults for the rest', () => {
  const options = readOptions('--port', '0', '--persisted-only', '--subgraph-url', 'a=http://x:1/graphql', '--subgraph-url', 'b=http://y/', '--timeout', '50', '--production')
  expect(decodeConfig(gatewayConfig, options)).toMatchObject({
    port: 0,
    supergraph: 'schema/supergraph.graphql',
    persistedOnly: 'required',
    subgraphUrl: { a: 'http://x:1/graphql', b: 'http://y' },
    timeout: 50,
    production: true,
  })
})

test('what is on by default can be switched off, and the manifest can be rehearsed', () => {
  const off = readOptions('--no-apq', '--no-share-queries', '--no-share-subgraph-requests', '--no-compression', '--persisted-only=log', '--retries', '0', '--plan-cache', '7')
  const expected = { apq: false, shareQueries: false, shareSubgraphRequests: false, compression: false, persistedOnly: 'log', retries: 0, planCache: 7 }
  expect(decodeConfig(gatewayConfig, off)).toMatchObject(expected)
  expect(decodeConfig(gatewayConfig, readOptions())).toMatchObject({ apq: true, shareQueries: true, shareSubgraphRequests: true, compression: true, persistedOnly: 'off' })
  expect(() => decodeConfig(gatewayConfig, readOptions('--drain-grace', '60000'))).toThrow('--drain-grace')
})

test('what cannot be used is named', () => {
  expect(() => readOptions('--subgraph-url', 'nonsense')).toThrow('name=url')
  expect(() => decodeConfig(gatewayConfig, { supergraph: 'x', timeout: 'soon' })).toThrow('--timeout')
  expect(() => decodeConfig(gatewayConfig, {})).toThrow('--supergraph')
})

test('a supergraph that cannot be used is refused with the reason', async () => {
  const start = (supergraph: string): Promise<unknown> => startGateway(decodeConfig(gatewayConfig, { supergraph, port: 0 }), createRoleContext('gateway', 'silent'))
  await expect(start('/no/such/file.graphql')).rejects.toMatchObject({ code: 'SUPERGRAPH_INVALID' })
  await expect(start('http://127.0.0.1:1/supergraph')).rejects.toMatchObject({ code: 'SUPERGRAPH_INVALID' })
  for (const sdl of ['type Query {', 'type Query { a: Int }']) await expect(loadSupergraph(sdl)).rejects.toThrow(expect.objectContaining({ code: 'SUPERGRAPH_INVALID' }))
})
