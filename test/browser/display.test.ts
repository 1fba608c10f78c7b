import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { openNodeData } from '../../edge-cache/node/data/index.ts'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { MemoryCloud } from '../../edge-cache/node/data/testing/memory-cloud.ts'
import { startEdge } from '../../edge-cache/node/main.ts'
import { createRoleContext, type RunningRole } from '../../runtime/role.ts'
import { searchIndexExtension } from '../../subgraphs/search/index/extension.ts'
import { ready } from '../environment/wait.ts'
import { foreignRequests, openAudited } from './audit.ts'
import { describeInChromium, launchChromium, testTimeoutMs } from './chromium.ts'

const storeId = '7'

describeInChromium('The display page of a store\'s node', () => {
  const folder = scratchFolder()
  const cloud = new MemoryCloud(storeId)
  const device = (shows: readonly string[]) => ({ entity: 'device', row: { id: 'wall', store_id: storeId, kind: 'DISPLAY', firmware: null, status: 'ONLINE', last_seen_at: null, shows: JSON.stringify(shows) } }) as const
  const product = (id: string, name: string) => ({ entity: 'product', row: { id, name, description: null, brand: 'Assam & Sons', category_id: null, gtin: null, attributes: '[]', image_url: null } }) as const
  const price = (productId: string, minor: number) => ({ entity: 'list_price', row: { product_id: productId, amount_minor: minor, currency: 'EUR', updated_at: 1 } }) as const
  let node: RunningRole
  let browser: Browser

  beforeAll(async () => {
    cloud.put(
      { entity: 'store', row: { id: storeId, name: 'Harbour', timezone: 'Europe/Dublin' } },
      product('tea', 'Green <b>tea</b>'), product('milk', 'Oat milk'), price('tea', 249), price('milk', 189), device(['tea']), cloud.stock('tea', 5), cloud.stock('milk', 1),
    )
    const manifest = fileURLToPath(new URL('../../schema/manifest.json', import.meta.url))
    const config = { port: 0, host: '127.0.0.1', origin: 'http://localhost:9', store: storeId, data: folder.path, manifest, bodyLimit: 65_536, cacheBytes: 1_000_000, allowOrigin: [] }
    node = await startEdge(config, createRoleContext('edge', 'silent'), async (_config, { log, metrics }, stack) =>
      stack.use(await openNodeData({ storeId, directory: folder.path, origin: cloud, extensions: [searchIndexExtension], log, metrics, waitMs: 50 })))
    await ready(node.url)
    browser = await launchChromium()
  }, testTimeoutMs)

  afterAll(async () => {
    await browser?.close()
    await node?.[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  test('shows what the device shows, follows every change, says when it is offline, and asks nobody else for anything', async () => {
    await using opened = await openAudited(browser, { locale: 'en-IE', viewport: { width: 360, height: 640 } })
    const { page, audit } = opened
    await page.goto(`${node.url}/display/wall`)
    const tea = page.locator('[data-product=tea]')
    await tea.getByText('€2.49').waitFor()
    await tea.getByText('Green <b>tea</b>', { exact: true }).waitFor()
    await tea.getByText('In stock (5)').waitFor()
    await page.getByRole('heading', { name: 'Harbour' }).waitFor()
    await page.getByRole('status').getByText('Live').waitFor()

    cloud.put(cloud.stock('tea', 2))
    await tea.getByText('Only a few left (2)').waitFor()
    cloud.put(price('tea', 199))
    await tea.getByText('€1.99').waitFor()
    cloud.put(device(['milk', 'tea']))
    await page.locator('li:first-child[data-product=milk]').getByText('€1.89').waitFor()

    const fits = await page.evaluate('document.documentElement.scrollWidth <= innerWidth')
    expect(fits).toBe(true)
    expect(foreignRequests(audit, node.url)).toEqual([])
    expect({ violations: audit.violations, errors: audit.errors }).toEqual({ violations: [], errors: [] })

    cloud.down = true
    await page.getByRole('status').getByText(/^Offline: as it was \d+ seconds ago$/).waitFor()
    await page.locator('[data-product=milk]').getByText('€1.89').waitFor()
    cloud.down = false
    await page.getByRole('status').getByText('Live').waitFor()
  })

  test('a device that the store does not have is named', async () => {
    await using opened = await openAudited(browser)
    await opened.page.goto(`${node.url}/display/nowhere`)
    await opened.page.getByRole('heading', { name: /nowhere/ }).waitFor()
  })
})
