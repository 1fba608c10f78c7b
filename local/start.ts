import { Option, type Command } from 'commander'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeConfig } from '../runtime/config.ts'
import type { StartConfig } from './everything/config.ts'
import type { Everything } from './everything/everything.ts'

const projectFolder = dirname(dirname(fileURLToPath(import.meta.url)))

/** Names the folder that a command works in, the same way in all of them. */
function directoryOption(): Option {
  return new Option('--directory <folder>', 'where everything local is kept').env('AISLE_DIRECTORY').default(resolve(projectFolder, '.aisle'), '.aisle in the project')
}

/** Adds `start`: everything on this machine, until Ctrl-C. */
export function registerStartCommand(program: Command): void {
  program
    .command('start')
    .description('run everything on this machine: Postgres, demo data, every cloud role and one store\'s node, until Ctrl-C')
    .addOption(new Option('--data <folder>', 'load this data set (CSV in the import format) instead of the demo chain').env('AISLE_DATA'))
    .addOption(new Option('--demo-size <size>', 'small (600 products), medium (4,000), large (50,000), or a number of products (default: small)').env('AISLE_DEMO_SIZE'))
    .addOption(new Option('--store <id>', 'the store that the edge node serves (default: the first by id)').env('AISLE_STORE'))
    .addOption(new Option('--port-base <number>', 'shifts all ports: gateway N, subgraphs N+1 to N+4, origin N+10, edge N+100; 0 takes free ones').env('AISLE_PORT_BASE').default('4000'))
    .addOption(new Option('--port <number>', 'port of the gateway (default: 4000)').env('AISLE_GATEWAY_PORT'))
    .addOption(new Option('--edge-port <number>', 'port of the edge node (default: 4100)').env('AISLE_EDGE_PORT'))
    .addOption(directoryOption())
    .addOption(new Option('--fresh', 'throw the local data away first (never that of DATABASE_URL)'))
    .addOption(new Option('--simulate', 'sell all day: also with --data, which only the demo does by itself'))
    .addOption(new Option('--no-simulate', 'let nothing happen by itself'))
    .addOption(new Option('--database-url <url>', 'use this Postgres instead of the embedded one').env('DATABASE_URL'))
    .addHelpText('after', '\nExamples:\n  npm start\n  npm start -- --data ../my-data\n  npm start -- --demo-size large --port-base 5000')
    .action(async (options: unknown) => {
      const { startConfigSchema } = await import('./everything/config.ts')
      const { runStart } = await import('./everything/run.ts')
      const { wholeCast } = await import('./everything/whole-cast.ts')
      process.exit(await runStart(decodeConfig(startConfigSchema, options), wholeCast, process.stdout))
    })
}

/** Adds `cloud down` and `cloud up`: try what a store does when its cloud is gone. */
export function registerCloudCommand(program: Command): void {
  const cloud = program.command('cloud').description('take the cloud of a running `npm start` away from its edge node, and give it back')
  const say = (text: string): void => {
    process.stdout.write(`${text}\n`)
  }
  cloud.command('down')
    .description('kill -9 of the gateway, the subgraphs, origin and the embedded Postgres; the edge node goes on')
    .addOption(directoryOption())
    .action(async ({ directory }: { directory: string }) => {
      const { orderRunning } = await import('./everything/run.ts')
      say(await orderRunning(directory, 'cloud down', say))
    })
  cloud.command('up')
    .description('bring all of it back')
    .addOption(directoryOption())
    .action(async ({ directory }: { directory: string }) => {
      const { orderRunning } = await import('./everything/run.ts')
      say(await orderRunning(directory, 'cloud up', say))
    })
}

/** Starts everything that `aisle start` does, for programs: quiet, and stopped by disposing what it returns. */
export async function startEverything(config: StartConfig): Promise<Everything> {
  const [{ Everything }, { wholeCast }] = await Promise.all([import('./everything/everything.ts'), import('./everything/whole-cast.ts')])
  const everything = new Everything(config, wholeCast, silence)
  try {
    await everything.start()
    return everything
  } catch (error) {
    await everything[Symbol.asyncDispose]()
    throw error
  }
}

const silence = { note() {}, step: () => ({ update() {}, done() {}, fail() {} }) }
