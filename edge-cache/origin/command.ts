import { Option, type Command } from 'commander'
import { decodeConfig } from '../../runtime/config.ts'
import { addPatienceOptions } from '../../runtime/http/patience.ts'
import { switchOption } from '../../runtime/switch.ts'
import { runRole } from '../../runtime/role.ts'
import { addSightOptions, readSight } from '../../runtime/sight.ts'
import { registerNodeCommands } from './node-commands.ts'
import { originConfigSchema } from './config.ts'

/** `aisle origin`. */
export function registerOriginCommand(program: Command): void {
  const command = addSightOptions(program.command('origin'))
    .description('run the cloud\'s side of the stores\' nodes: it moves the log, serves it, and takes the stores\' writes')
    .addOption(new Option('--port <number>', 'port to answer on').env('AISLE_ORIGIN_PORT').default('4010'))
    .addOption(new Option('--host <address>', 'address to answer on; all of them without it').env('AISLE_ORIGIN_HOST'))
    .addOption(new Option('--database-url <url>', 'the Postgres that holds everything').env('DATABASE_URL').makeOptionMandatory())
    .addOption(new Option('--tick <ms>', 'least time between two batches of the log').env('AISLE_TICK_MS').default('20'))
    .addOption(new Option('--lease <ms>', 'how long after its last sign of life another sequencer takes over').env('AISLE_LEASE_MS').default('5000'))
    .addOption(new Option('--connections <number>', 'most connections to Postgres at once').env('AISLE_CONNECTIONS').default('10'))
    .addOption(new Option('--statement-timeout <ms>', 'most milliseconds that one statement of a delivered write may take').env('AISLE_STATEMENT_TIMEOUT').default('10000'))
    .addOption(new Option('--copies <number>', 'most copies and comparisons made at once').env('AISLE_COPIES').default('4'))
    .addOption(new Option('--queue <number>', 'most requests of a kind that wait for their turn; of those that are answered from memory ten times as many').env('AISLE_QUEUE').default('1000'))
    .addOption(new Option('--compact-after <hours>', 'age from which superseded changes are dropped from the log').env('AISLE_COMPACT_AFTER').default('24'))
    .addOption(new Option('--retention <days>', 'how far the log reaches back').env('AISLE_LOG_RETENTION').default('14'))
    .addOption(new Option('--most-changes <number>', 'most changes that the log keeps').env('AISLE_LOG_CHANGES').default('50000000'))
    .addOption(new Option('--audit-retention <days>', 'how long the audit log of writes is kept').env('AISLE_AUDIT_RETENTION').default('730'))
    .addOption(new Option('--outcome-retention <days>', 'how long the outcome of a write is remembered').env('AISLE_OUTCOME_RETENTION').default('365'))
    .addOption(switchOption('--require-enrolment', 'answer only nodes that were enrolled with `aisle origin enrol`', 'AISLE_REQUIRE_ENROLMENT'))
    .addOption(switchOption('--production', 'the same', 'AISLE_PRODUCTION'))
    .action(async (options: unknown) => {
      const config = decodeConfig(originConfigSchema, options)
      const { startOrigin } = await import('./origin.ts')
      await runRole('origin', (context) => startOrigin(config, context), { sight: readSight(options) })
    })
  registerNodeCommands(addPatienceOptions(command))
}
