import { Argument, Option, type Command } from 'commander'
import { addContextOptions } from '../../runtime/identity/options.ts'
import { addPatienceOptions } from '../../runtime/http/patience.ts'
import { decodeConfig } from '../../runtime/config.ts'
import { switchOption } from '../../runtime/switch.ts'
import { runRole } from '../../runtime/role.ts'
import { addSightOptions, readSight } from '../../runtime/sight.ts'
import type { SubgraphName } from '../shared/context.ts'
import { defaultPorts, subgraphConfigSchema } from './config.ts'

/** Adds `subgraph <name>`: one of the four subgraphs, over Postgres. */
export function registerSubgraphCommand(program: Command): void {
  const command = addSightOptions(program.command('subgraph'))
    .description('serve one subgraph: search, recommendation, inventory or device')
    .addArgument(new Argument('<name>', 'which one').choices(Object.keys(defaultPorts)))
    .addOption(new Option('--port <number>', 'port to listen on; 0 takes a free one (default: 4001 search, 4002 recommendation, 4003 inventory, 4004 device)').env('AISLE_SUBGRAPH_PORT'))
    .addOption(new Option('--host <address>', 'address to listen on (default: all)').env('AISLE_SUBGRAPH_HOST'))
    .addOption(new Option('--database-url <url>', 'the Postgres that holds the chain').env('DATABASE_URL'))
    .addOption(new Option('--read-database-url <url>', 'a read replica of it, asked for what only reads while it keeps up').env('AISLE_READ_DATABASE_URL'))
    .addOption(new Option('--read-lag <ms>', 'most milliseconds that the replica may be behind').env('AISLE_READ_LAG').default('1000'))
    .addOption(new Option('--statement-timeout <ms>', 'most milliseconds that one statement may take').env('AISLE_STATEMENT_TIMEOUT').default('10000'))
    .addOption(new Option('--data <folder>', 'where what is derived is kept, such as the search index (default: .aisle/<name>)').env('AISLE_SUBGRAPH_DATA'))
    .addOption(new Option('--connections <number>', 'most connections to Postgres').env('AISLE_SUBGRAPH_CONNECTIONS').default('10'))
    .addOption(new Option('--silent-minutes <number>', 'device: minutes of silence after which a device is offline').env('AISLE_SILENT_MINUTES').default('15'))
    .addOption(switchOption('--production', 'refuse to start without the secret that is shared with the gateway', 'AISLE_PRODUCTION'))
    .addOption(new Option('--reading-days <number>', 'device: days that readings are kept; a month goes once all of it is older').env('AISLE_READING_DAYS').default('400'))
    .action(async (name: SubgraphName, options: Record<string, unknown>) => {
      const config = decodeConfig(subgraphConfigSchema, { ...options, port: options.port ?? defaultPorts[name], data: options.data ?? `.aisle/${name}`, contextSecret: process.env.AISLE_CONTEXT_SECRET })
      const { startSubgraph } = await import('./start.ts')
      await runRole(name, (context) => startSubgraph(name, config, context), { sight: readSight(options) })
    })
  addPatienceOptions(addContextOptions(command))
}
