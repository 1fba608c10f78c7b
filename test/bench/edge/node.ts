import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { edgeConfigSchema } from '../../../edge-cache/node/config.ts'
import { startEdge } from '../../../edge-cache/node/main.ts'
import { createRoleContext } from '../../../runtime/role.ts'
import { serveCpu } from './report-cpu.ts'

/** The store's node as it is run, in a process of its own. */
const [data = '', origin = '', store = ''] = process.argv.slice(2)
const began = performance.now()
const manifest = fileURLToPath(new URL('../../../schema/manifest.json', import.meta.url))
const context = createRoleContext('edge', 'error')
const node = await startEdge(edgeConfigSchema.parse({ port: 0, host: '127.0.0.1', origin, store, data, manifest }), context)
while (Object.keys(await context.health.problems()).length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
serveCpu(node.url.replace('localhost', '127.0.0.1'), { bootstrapSeconds: (performance.now() - began) / 1000, fileBytes: statSync(join(data, 'replica.db')).size })
