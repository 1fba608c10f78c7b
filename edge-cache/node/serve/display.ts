import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { OperationList } from './documents.ts'

const folder = new URL('../display/', import.meta.url)

/** The operations the page uses, by the name it knows them. */
const pageOperations = { content: 'DisplayProducts', device: 'DisplayChanged', stock: 'DisplayStock', prices: 'DisplayPrices' } as const

/** A wall display, or a label on a shelf. */
type View = 'display' | 'label'

const types: Readonly<Record<string, string>> = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' }

const headers = {
  // Everything comes from this node; `'self'` covers its WebSocket.
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
}

/** Serves `/display/<deviceId>` and `/label/<deviceId>`: what the device shows, live, from this node alone. */
export async function registerDisplay(app: FastifyInstance, storeId: string, operations: OperationList): Promise<void> {
  const page = await readFile(new URL('page.html', folder), 'utf8')
  const ids = Object.fromEntries(Object.entries(pageOperations).map(([name, operation]) => [name, operations.byName.get(operation)?.id ?? null]))

  for (const path of ['display', 'label'] as const) {
    app.get<{ Params: { deviceId: string }; Querystring: { view?: string } }>(`/${path}/:deviceId`, async ({ params: { deviceId }, query }, reply) => {
      const view: View = query.view === 'label' ? 'label' : path
      const settings = JSON.stringify({ view, storeId, deviceId, operations: ids }).replaceAll('<', '\\u003c')
      return reply.headers({ ...headers, 'content-type': 'text/html; charset=utf-8' }).send(page.replaceAll('{{view}}', view).replace('{{settings}}', () => settings))
    })
  }
  for (const name of await readdir(folder)) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const text = await readFile(new URL(name, folder), 'utf8')
    app.get(`/display-assets/${name}`, async (_request, reply) => reply.headers({ ...headers, 'content-type': type }).send(text))
  }
}
