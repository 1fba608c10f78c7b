import { migrate } from '../../subgraphs/storage/postgres/migrate.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { loadData } from '../load.ts'
import type { Progress, Step } from '../supervisor/progress.ts'
import type { StartConfig } from './config.ts'
import { dataSetName, ensureDatabase } from './data-set.ts'
import { readFacts, type Facts } from './facts.ts'

/** A database that the roles can start on. */
export interface Prepared {
  readonly databaseUrl: string
  readonly facts: Facts
}

/** Brings the database to the newest schema, loads the data unless they are there, and looks at what they hold. */
export async function prepareDatabase(serverUrl: string, embedded: boolean, config: StartConfig, progress: Progress, signal: AbortSignal): Promise<Prepared> {
  const databaseUrl = embedded ? await ensureDatabase(serverUrl, dataSetName(config)) : serverUrl
  await using storage = openPostgres(databaseUrl, { connections: 2 })
  await during(progress.step('Schema'), async () => {
    const ran = await migrate(storage)
    return ran.length === 0 ? 'up to date' : ran.join(', ')
  })
  await during(progress.step('Data'), (step) => loadData({
    storage,
    ...(config.data === undefined ? {} : { dataDirectory: config.data }),
    demoSize: config.demoSize,
    rejects: `${config.directory}/logs/rejects.csv`,
    onProgress: (detail) => step.update(detail),
    signal,
  }))
  return { databaseUrl, facts: await readFacts(storage, config.store) }
}

async function during(step: Step, work: (step: Step) => Promise<string>): Promise<void> {
  try {
    step.done(await work(step))
  } catch (error) {
    step.fail()
    throw error
  }
}
