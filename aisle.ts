import { Command } from 'commander'
import { AisleError } from './runtime/errors.ts'

/** A role is loaded only when it is asked for, so that each process holds just its own code. */
const roles: Record<string, (program: Command) => Promise<void>> = {
  start: async (program) => (await import('./local/start.ts')).registerStartCommand(program),
  cloud: async (program) => (await import('./local/start.ts')).registerCloudCommand(program),
  gateway: async (program) => (await import('./gateway/command.ts')).registerGatewayCommand(program),
  subgraph: async (program) => (await import('./subgraphs/serve/command.ts')).registerSubgraphCommand(program),
  origin: async (program) => (await import('./edge-cache/origin/command.ts')).registerOriginCommand(program),
  edge: async (program) => (await import('./edge-cache/node/command.ts')).registerEdgeCommand(program),
  migrate: async (program) => (await import('./subgraphs/storage/postgres/command.ts')).registerMigrateCommand(program),
  import: async (program) => (await import('./local/import/command.ts')).registerImportCommand(program),
  train: async (program) => (await import('./subgraphs/recommendation/train/command.ts')).registerTrainCommand(program),
  simulate: async (program) => (await import('./local/demo/simulate.ts')).registerSimulateCommand(program),
  operations: async (program) => {
    const [{ registerOperationsCommand }, { registerOperationsCheck }] = await Promise.all([import('./schema/commands.ts'), import('./edge-cache/node/check/command.ts')])
    registerOperationsCommand(program)
    registerOperationsCheck(program)
  },
  compose: async (program) => (await import('./schema/commands.ts')).registerComposeCommand(program),
  schema: async (program) => (await import('./schema/governance/command.ts')).registerSchemaCommand(program),
}

/** What only a checkout has: an image carries no tests, so these are not listed. */
const measurements: typeof roles = {
  relevance: async (program) => (await import('./test/relevance/command.ts')).registerRelevanceCommand(program),
  bench: async (program) => (await import('./test/bench/command.ts')).registerBenchCommand(program),
  sim: async (program) => (await import('./test/simulation/command.ts')).registerSimCommand(program),
}

const program = new Command('aisle')
  .description('A federated GraphQL API for retail data that keeps answering when a store\'s internet does not.')
  .showHelpAfterError()
  .configureHelp({ showGlobalOptions: true })

const asked = process.argv[2]
const chosen = asked === undefined ? undefined : (roles[asked] ?? measurements[asked])
for (const register of chosen === undefined ? Object.values(roles) : [chosen]) await register(program)

try {
  await program.parseAsync()
} catch (error) {
  if (!AisleError.is(error)) throw error
  process.stderr.write(`${error.message}\n${error.action}\n`)
  process.exitCode = 1
}
