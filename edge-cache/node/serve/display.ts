import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { OperationList } from './documents.ts'

const folder = new URL('../display/', import.meta.url)

/** The operations the page uses, by the name it knows them. */
const pageOperations = { content: 'DisplayContent', device: 'DisplayChanged', stock: 'DisplayStock', prices: 'DisplayPrices' } as const

const policy = "default-src 'self'; style-src 'self'; img-src 'self' data: http: https:; connect-src 'self' ws: wss:"

/** Serves `/display/<deviceId>`: what the device shows, live, from this node alone. */
export async function registerDisplay(app: FastifyInstance, storeId: string, operations: OperationList): Promise<void> {
  const [page, script, style] = await Promise.all(['page.html', 'page.js', 'page.css'].map((name) => readFile(new URL(name, folder), 'utf8'))) as [string, string, string]
  const ids = Object.fromEntries(Object.entries(pageOperations).map(([name, operation]) => [name, operations.byName.get(operation)?.id ?? null]))

  app.get<{ Params: { deviceId: string } }>('/display/:deviceId', async (request, reply) => {
    const settings = JSON.stringify({ storeId, deviceId: request.params.deviceId, operations: ids }).replaceAll('<', '\\u003c')
    return reply.headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy, 'cache-control': 'no-cache' }).send(page.replace('{{settings}}', () => settings))
  })
  app.get('/display-assets/page.js', async (_request, reply) => reply.headers({ 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' }).send(script))
  app.get('/display-assets/page.css', async (_request, reply) => reply.headers({ 'content-type': 'text/css; charset=utf-8', 'cache-control': 'no-cache' }).send(style))
}
