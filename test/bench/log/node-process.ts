import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNodeData } from '../../../edge-cache/node/data/index.ts'
import { createRoleContext } from '../../../runtime/role.ts'
import { searchIndexExtension } from '../../../subgraphs/search/index/extension.ts'
import { storeScope } from '../../../subgraphs/storage/entities.ts'

/** One store's real data behind the real follower: says when each level that changed became visible in its replica. */
const [origin = '', storeId = ''] = process.argv.slice(2)
const directory = await mkdtemp(join(tmpdir(), 'aisle-bench-log-'))
const { log, metrics } = createRoleContext('edge', 'warn')
const data = await openNodeData({ storeId, directory, origin, extensions: [searchIndexExtension], log, metrics })
const latencies: number[] = []
process.on('message', (order: 'figures' | 'forget') => {
  if (order === 'forget') latencies.length = 0
  process.send?.({ latencies: latencies.toSorted((a, b) => a - b), ready: data.status().position !== null })
})
const closing = new AbortController()
process.on('disconnect', () => {
  closing.abort()
  void close()
})

while (!closing.signal.aborted) {
  try {
    for await (const { changes } of data.changes.subscribe(storeScope(storeId))) {
      const now = Date.now()
      for (const { entity, row } of changes) if (entity === 'stock' && row !== null) latencies.push(now - Number(row.updated_at))
    }
  } catch (error) {
    // The first copy ends the subscriptions that were there before it.
    if (!closing.signal.aborted) log.info({ err: error }, 'subscribing again')
  }
}

async function close(): Promise<void> {
  await data[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
  process.exit(0)
}
