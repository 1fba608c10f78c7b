import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from '../../../runtime/log.ts'
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
export async function registerDisplay(app: FastifyInstance, storeId: string, operations: OperationList, log: Logger): Promise<void> {
  const page = await readFile(new URL('page.html', folder), 'utf8')
  const assets = new Map<string, string>()
  for (const name of (await readdir(folder)).toSorted()) if (Object.hasOwn(types, extname(name))) assets.set(name, await readFile(new URL(name, folder), 'utf8'))
  // A page that was left open over an upgrade finds another one here, and takes it.
  const version = createHash('sha256').update(JSON.stringify([page, ...assets])).digest('base64url').slice(0, 8)
  const lacking = Object.values(pageOperations).filter((operation) => !operations.byName.has(operation))
  if (lacking.length > 0) log.warn({ lacking }, 'the manifest lacks operations of the display page: screens have nothing to show')
  const ids = Object.fromEntries(Object.entries(pageOperations).map(([name, operation]) => [name, operations.byName.get(operation)?.id ?? null]))

  for (const path of ['display', 'label'] as const) {
    app.get<{ Params: { deviceId: string }; Querystring: { view?: string } }>(`/${path}/:deviceId`, async ({ params: { deviceId }, query }, reply) => {
      const view: View = query.view === 'label' ? 'label' : path
      const settings = JSON.stringify({ view, version, storeId, deviceId, operations: ids }).replaceAll('<', '\\u003c')
      return reply.headers({ ...headers, 'content-type': 'text/html; charset=utf-8' }).send(page.replaceAll('{{view}}', view).replace('{{settings}}', () => settings))
    })
  }
  for (const [name, text] of assets) {
    const type = types[extname(name)]
    app.get(`/display-assets/${name}`, async (_request, reply) => reply.headers({ ...headers, 'content-type': type }).send(text))
  }
}
