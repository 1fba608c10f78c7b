import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Option, type Command } from 'commander'
import { z } from 'zod'
import { decodeConfig, httpUrl, port } from '../../runtime/config.ts'
import { serveOperational } from '../../runtime/health.ts'
import { runRole } from '../../runtime/role.ts'
import { closeServer, listen } from '../../runtime/server.ts'
import { startSimulation } from './simulate/simulation.ts'

const configuration = z.object({
  gateway: httpUrl.default('http://localhost:4000'),
  rate: z.string().regex(/^\d+(\.\d+)?(\/s)?$/, 'must be a number a second, for example 2/s').transform((text) => Number(text.replace('/s', ''))).pipe(z.number().positive().max(10_000)).default(2),
  seed: z.string().min(1).default('aisle'),
  port: port.default(0),
})

/** Adds `aisle simulate`: shops that sell, fill shelves, change prices and measure, all through the gateway. */
export function registerSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('sell all day: real mutations through the gateway, so that subscriptions have something to say')
    .addOption(new Option('--gateway <url>', 'the gateway; /graphql is its path unless it has one (default: http://localhost:4000)').env('AISLE_GATEWAY'))
    .addOption(new Option('--rate <n/s>', 'how much happens a second at the busiest hour; at night a fifth of it (default: 2/s)').env('AISLE_SIMULATE_RATE'))
    .addOption(new Option('--seed <text>', 'the same seed makes the same choices in the same world (default: aisle)'))
    .addOption(new Option('--port <port>', 'where /health and /metrics answer (default: a free one)'))
    .action(async (flags: unknown) => {
      const { gateway, rate, seed, port: asked } = decodeConfig(configuration, flags)
      await runRole('simulate', async ({ log, health, metrics }) => {
        const simulation = startSimulation({ url: graphqlUrl(gateway), rate, seed, log, health, metrics })
        const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
          if (!(await serveOperational(request, response, health, metrics))) response.writeHead(404).end()
        }
        const server = createServer((request, response) => void answer(request, response))
        const taken = await listen(server, asked)
        return {
          url: `http://localhost:${taken}`,
          async [Symbol.asyncDispose]() {
            await simulation[Symbol.asyncDispose]()
            await closeServer(server)
          },
        }
      })
    })
}

function graphqlUrl(gateway: string): string {
  return new URL(gateway).pathname === '/' ? `${gateway}/graphql` : gateway
}
