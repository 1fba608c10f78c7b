import { Option, type Command } from 'commander'
import { z } from 'zod'
import { decodeConfig, postgresUrl } from '../../runtime/config.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { NodeDirectory } from './nodes.ts'

const database = { databaseUrl: postgresUrl }
const enrolSettings = z.object({ ...database, store: z.string().min(1), valid: z.coerce.number().positive().max(24 * 30) })
const revokeSettings = z
  .object({ ...database, node: z.string().min(1).optional(), store: z.string().min(1).optional() })
  .refine(({ node, store }) => (node === undefined) !== (store === undefined), { path: ['node'], message: 'name one node, or one store' })

/** Adds `origin enrol`, `origin revoke` and `origin nodes`: who may speak for a store. */
export function registerNodeCommands(origin: Command): void {
  origin
    .command('enrol')
    .description('print a one-time code with which a store\'s node makes itself known to origin (`aisle edge --enrol CODE`)')
    .addOption(new Option('--store <id>', 'the store whose node it is for').makeOptionMandatory())
    .addOption(new Option('--valid <hours>', 'how long the code is good for').default('24'))
    .action(async (_options: unknown, command: Command) => {
      const { databaseUrl, store, valid } = decodeConfig(enrolSettings, command.optsWithGlobals())
      const { code, expiresAt } = await withDirectory(databaseUrl, (nodes) => nodes.createCode(store, valid * 60 * 60_000))
      process.stdout.write(`${code}\n`)
      process.stderr.write(`For one node of store ${store}, until ${new Date(expiresAt).toISOString()}.\n`)
    })
  origin
    .command('revoke')
    .description('take a node out of service, or all nodes of a store: origin answers them no more')
    .option('--node <id>', 'the node, as `aisle origin nodes` lists it')
    .option('--store <id>', 'every node of this store')
    .action(async (_options: unknown, command: Command) => {
      const { databaseUrl, node, store } = decodeConfig(revokeSettings, command.optsWithGlobals())
      const revoked = await withDirectory(databaseUrl, (nodes) => nodes.revoke(node === undefined ? { storeId: store ?? '' } : { nodeId: node }))
      for (const id of revoked) process.stdout.write(`${id} revoked\n`)
      if (revoked.length > 0) return
      process.stderr.write('No such node is in service.\n')
      process.exitCode = 1
    })
  origin
    .command('nodes')
    .description('list the enrolled nodes')
    .action(async (_options: unknown, command: Command) => {
      const { databaseUrl } = decodeConfig(z.object(database), command.optsWithGlobals())
      for (const { id, storeId, enrolledAt, revokedAt } of await withDirectory(databaseUrl, (nodes) => nodes.list())) {
        process.stdout.write(`${id}  ${storeId.padEnd(12)}  enrolled ${new Date(enrolledAt).toISOString()}${revokedAt === null ? '' : `  revoked ${new Date(revokedAt).toISOString()}`}\n`)
      }
    })
}

async function withDirectory<Result>(databaseUrl: string, work: (nodes: NodeDirectory) => Promise<Result>): Promise<Result> {
  await using storage = openPostgres(databaseUrl, { connections: 1 })
  return await work(new NodeDirectory(storage))
}
