import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cast } from './cast.ts'
import { dataSetName } from './data-set.ts'
import { buildExplorerPage } from './explorer.ts'
import { rolesOf } from './roles.ts'
import { localSecret } from './secret.ts'
import { describeRun } from './table.ts'

/** All of Aisle: four subgraphs, origin, gateway, one store's node, and sales that go on by themselves. */
export const wholeCast: Cast = {
  aside: buildExplorerPage,
  async prepare({ config, ports, serverUrl, embedded, logs, progress, signal }) {
    const [{ prepareDatabase }, { writeExamples }] = await Promise.all([import('./prepare.ts'), import('./examples.ts')])
    const { databaseUrl, facts } = await prepareDatabase(serverUrl, embedded, config, progress, signal)
    const folder = join(config.directory, 'roles', dataSetName(config))
    await mkdir(folder, { recursive: true })
    const simulate = config.simulate ?? config.data === undefined
    return {
      roles: rolesOf({ ports, databaseUrl, store: facts.store?.id ?? null, folder, examples: await writeExamples(folder, facts), simulate, contextSecret: await localSecret(join(folder, 'context-secret')) }),
      databaseUrl,
      description: describeRun({ ports, facts, databaseUrl, embedded, logs }),
    }
  },
}
