import { fileURLToPath } from 'node:url'
import fastify from 'fastify'
import mercurius from 'mercurius'
import mercuriusCache from 'mercurius-cache'
import { openNodeData } from '../../../edge-cache/node/data/index.ts'
import { createNodeGraph } from '../../../edge-cache/node/graph.ts'
import { developer } from '../../../runtime/identity/caller.ts'
import { readManifest } from '../../../runtime/graphql/persisted.ts'
import { createRoleContext } from '../../../runtime/role.ts'
import { listen } from '../../../runtime/server.ts'
import { searchIndexExtension } from '../../../subgraphs/search/index/extension.ts'
import { serveCpu } from './report-cpu.ts'

/**
 * The same graph over the same data as mercurius serves it: compiled by graphql-jit, its resolvers held by mercurius-cache, operations
 * by their persisted id. It reads outside transactions, which costs it less.
 */
const [data = '', origin = '', store = ''] = process.argv.slice(2)
const { log, metrics } = createRoleContext('edge', 'error')
const copy = await openNodeData({ storeId: store, directory: data, origin, extensions: [searchIndexExtension], log, metrics })
const { schema, contextFor } = await createNodeGraph(copy)
const manifest = await readManifest(fileURLToPath(new URL('../../../schema/manifest.json', import.meta.url)))
const app = fastify()
await app.register(mercurius, {
  schema,
  jit: 1,
  subscription: false,
  context: () => contextFor({ storage: copy.latest, connection: null }, developer()) as unknown as Record<string, unknown>,
  persistedQueryProvider: {
    isPersistedQuery: (request: object) => 'documentId' in request,
    isPersistedQueryRetry: () => false,
    getHash: (request: object) => ('documentId' in request ? String(request.documentId) : ''),
    getQueryFromHash: async (hash: string) => manifest.get(hash) ?? '',
  },
})
await app.register(mercuriusCache.default, { ttl: 3_600, policy: { Query: { product: true }, Product: { price: true, availability: true } } })
await app.ready()
const port = await listen(app.server, 0, '127.0.0.1')
serveCpu(`http://127.0.0.1:${port}`)
