import { Option, type Command } from 'commander'
import { decodeConfig } from '../../runtime/config.ts'
import { switchOption } from '../../runtime/switch.ts'
import { runRole } from '../../runtime/role.ts'
import { registerNodeCommands } from './node-commands.ts'
import { originConfigSchema } from './config.ts'

/** `aisle origin`. */
export function registerOriginCommand(program: Command): void {
  const command = program
    .command('origin')
    .description('run the cloud\'s side of the stores\' nodes: it moves the log, serves it, and takes the stores\' writes')
    .addOption(new Option('--port <number>', 'port to answer on').env('AISLE_ORIGIN_PORT').default('4010'))
    .addOption(new Option('--host <address>', 'address to answer on; all of them without it').env('AISLE_ORIGIN_HOST'))
    .addOption(new Option('--database-url <url>', 'the Postgres that holds everything').env('DATABASE_URL').makeOptionMandatory())
    .addOption(new Option('--tick <ms>', 'least time between two batches of the log').env('AISLE_TICK_MS').default('20'))
    .addOption(new Option('--lease <ms>', 'how long after its last sign of life another sequencer takes over').env('AISLE_LEASE_MS').default('5000'))
    .addOption(new Option('--connections <number>', 'most connections to Postgres at once').env('AISLE_CONNECTIONS').default('10'))
    .addOption(switchOption('--require-enrolment', 'answer only nodes that were enrolled with `aisle origin enrol`', 'AISLE_REQUIRE_ENROLMENT'))
    .addOption(switchOption('--production', 'the same', 'AISLE_PRODUCTION'))
    .action(async (options: unknown) => {
      const config = decodeConfig(originConfigSchema, options)
      const { startOrigin } = await import('./origin.ts')
      await runRole('origin', (context) => startOrigin(config, context))
    })
  registerNodeCommands(command)
}
