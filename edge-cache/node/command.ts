import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Option, type Command } from 'commander'
import { addIdentityOptions } from '../../runtime/identity/options.ts'
import { keepCompiledCode } from '../../runtime/compiled-code.ts'
import { decodeConfig } from '../../runtime/config.ts'
import { addPatienceOptions } from '../../runtime/http/patience.ts'
import { switchOption } from '../../runtime/switch.ts'
import { runRole } from '../../runtime/role.ts'
import { addSightOptions, readSight } from '../../runtime/sight.ts'
import { compiledFolder, edgeConfigSchema } from './config.ts'

const defaultManifest = fileURLToPath(new URL('../../schema/manifest.json', import.meta.url))

/** `aisle edge`. */
export function registerEdgeCommand(program: Command): void {
  const command = addSightOptions(program.command('edge'))
    .description('run a store\'s node: it answers the persisted operations from its own copy, online or not')
    .addOption(new Option('--port <number>', 'port to answer on').env('AISLE_EDGE_PORT').default('4100'))
    .addOption(new Option('--host <address>', 'address to answer on; all of them without it').env('AISLE_EDGE_HOST'))
    .addOption(new Option('--origin <url>', 'where changes come from and writes go to').env('AISLE_ORIGIN').default('http://localhost:4010'))
    .addOption(new Option('--gateway <url>', 'where what this node does not hold is asked for while there is a link, such as https://graph.example.com/graphql; without it such fields are refused').env('AISLE_GATEWAY'))
    .addOption(new Option('--gateway-deadline <milliseconds>', 'longest wait for the gateway').env('AISLE_GATEWAY_DEADLINE').default('1500'))
    .addOption(new Option('--store <id>', 'the store whose copy this node keeps').env('AISLE_STORE').makeOptionMandatory())
    .addOption(new Option('--data <directory>', 'folder of replica.db and outbox.db').env('AISLE_EDGE_DATA').default('.aisle/edge'))
    .addOption(new Option('--manifest <file>', 'persisted operations to answer, in Apollo\'s format').env('AISLE_MANIFEST').default(defaultManifest))
    .addOption(new Option('--allow-origin <origin...>', 'other sites whose pages may ask this node; * for all').env('AISLE_ALLOW_ORIGIN'))
    .addOption(new Option('--body-limit <bytes>', 'largest request body').env('AISLE_BODY_LIMIT').default('262144'))
    .addOption(new Option('--cache-bytes <bytes>', 'most memory that ready answers take; 0 keeps none').env('AISLE_CACHE_BYTES').default('25165824'))
    .addOption(new Option('--policies <file>', 'which policies of the graph each role grants besides the one of its own name: JSON of {role: [policy]}').env('AISLE_POLICIES'))
    .addOption(new Option('--token-grace <seconds>', 'how long after its end a token still counts while the link to origin is down').env('AISLE_TOKEN_GRACE').default('28800', '8 hours'))
    .addOption(new Option('--enrol <code>', 'the one-time code of `aisle origin enrol` that makes this node known to origin').env('AISLE_ENROL'))
    .addOption(switchOption('--production', 'without an issuer of tokens, everybody is the public', 'AISLE_PRODUCTION'))
    .action(async (options: unknown) => {
      const config = decodeConfig(edgeConfigSchema, options)
      keepCompiledCode(join(config.data, compiledFolder))
      const { startEdge } = await import('./main.ts')
      await runRole('edge', (context) => startEdge(config, context), { sight: readSight(options) })
    })
  addPatienceOptions(addIdentityOptions(command))
}
