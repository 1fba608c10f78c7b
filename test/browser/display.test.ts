import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { until } from '../environment/wait.ts'
import { foreignRequests, openAudited } from './audit.ts'
import { describeInChromium, launchChromium, testTimeoutMs } from './chromium.ts'
import { faintTexts } from './contrast.ts'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { device, manifest, offer, openShop, price, product, type Shop } from './shop.ts'

/** The content of the display that shows two products. */
async function ask({ url }: Shop): Promise<Response> {
  const page = await (await fetch(`${url}/display/two`)).text()
  const { operations, storeId, deviceId } = JSON.parse(/id="settings">([^<]*)</.exec(page)?.[1] ?? '') as { operations: { content: string }; storeId: string; deviceId: string }
  return fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ documentId: operations.content, variables: { storeId, deviceId } }) })
}

describeInChromium('The pages of a store\'s screens', () => {
  let shop: Shop
  let browser: Browser

  beforeAll(async () => {
    shop = await openShop()
    browser = await launchChromium()
  }, testTimeoutMs)

  afterEach(() => {
    shop.cloud.down = false
  })

  afterAll(async () => {
    await browser?.close()
    await shop?.[Symbol.asyncDispose]()
  })

  test('a display shows what its device shows, follows every change, says when it is offline, and asks nobody else for anything', async () => {
    await using opened = await openAudited(browser, { locale: 'en-IE', viewport: { width: 320, height: 568 } })
    const { page, audit } = opened
    const { cloud } = shop
    await page.goto(`${shop.url}/display/wall`)
    const tea = page.getByRole('main').locator('[data-product=tea]')
    await tea.getByText('€2.49', { exact: true }).waitFor()
    await tea.getByRole('heading', { name: 'Green Tea Sencha', exact: true }).waitFor()
    await tea.getByText('€9.96 / kg').waitFor()
    await tea.getByText('In stock').waitFor()
    await page.getByRole('banner').getByRole('heading', { level: 1, name: 'Harbour Market' }).waitFor()
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor()

    cloud.put(cloud.stock('tea', 2))
    await tea.getByText('Only 2 left').waitFor()
    cloud.put(price('tea', 199))
    await tea.getByText('€1.99', { exact: true }).waitFor()
    await page.getByText('is now €1.99').waitFor({ state: 'attached' })
    cloud.put(device('wall', ['milk', 'tea']))
    await page.locator('li:first-child[data-product=milk]').getByText('€1.89', { exact: true }).waitFor()
    // The new product too is followed.
    cloud.put(cloud.stock('milk', 0))
    await page.locator('[data-product=milk]').getByText('Sold out').waitFor()

    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(foreignRequests(audit, shop.url)).toEqual([])
    expect({ violations: audit.violations, errors: audit.errors }).toEqual({ violations: [], errors: [] })

    cloud.down = true
    await page.getByRole('status').getByText('Offline').waitFor()
    const first = await page.getByText(/as it was \d+ seconds? ago, at/).textContent()
    await until('the age to grow', async () => (await page.locator('#age').textContent()) !== first)
    await page.locator('[data-product=tea]').getByText('€1.99', { exact: true }).waitFor()
    cloud.down = false
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
  })

  test('goes on showing while its node is restarted, and then shows what happened meanwhile', async () => {
    await using opened = await openAudited(browser, { locale: 'en-IE' })
    const { page } = opened
    const { cloud } = shop
    await page.goto(`${shop.url}/display/two`)
    const milk = page.locator('[data-product=milk]')
    await milk.getByText('€1.89', { exact: true }).waitFor()
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
    await shop.stop()
    await page.getByRole('status').getByText('No connection').waitFor()
    await milk.getByText('€1.89', { exact: true }).waitFor()
    cloud.put(price('milk', 175))
    cloud.put(cloud.stock('milk', 30))
    await shop.start()
    await milk.getByText('€1.75', { exact: true }).waitFor()
    await milk.getByText('In stock').waitFor()
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
    cloud.put(price('milk', 176))
    await milk.getByText('€1.76', { exact: true }).waitFor()
  })

  test('after a dropped socket what was missed is there, and an answer from before never replaces a later one', async () => {
    await using opened = await openAudited(browser, { locale: 'en-IE' })
    const { page } = opened
    const { cloud } = shop
    let sockets = 0
    let drop: () => Promise<void> = async () => {}
    let muted = false
    await page.routeWebSocket(/graphql/, (socket) => {
      sockets += 1
      const server = socket.connectToServer()
      server.onMessage((message) => {
        if (!muted) socket.send(message)
      })
      drop = () => socket.close({ code: 1012 })
    })
    let stale: string | null = null
    let served = 0
    await page.route('**/graphql', async (route) => {
      if (stale === null) return route.continue()
      served += 1
      return route.fulfill({ contentType: 'application/json', body: stale })
    })
    const content = page.waitForResponse((response) => response.url().endsWith('/graphql') && response.status() === 200)
    await page.goto(`${shop.url}/display/two`)
    const before = await (await content).text()
    const tea = page.locator('[data-product=tea]')
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor()

    // Events no longer arrive, and then the socket drops.
    muted = true
    cloud.put(price('tea', 210))
    await drop()
    muted = false
    await tea.getByText('€2.10', { exact: true }).waitFor()
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
    expect(sockets).toBe(2)

    stale = before
    await drop()
    await page.locator('body:not([data-state=live])').waitFor()
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
    expect(served).toBeGreaterThan(0)
    expect(await tea.getByText('€2.10', { exact: true }).count()).toBe(1)
    stale = null
    cloud.put(price('tea', 211))
    await tea.getByText('€2.11', { exact: true }).waitFor()
  })

  test('a page that was left open over an upgrade takes the page of the upgraded node', async () => {
    using scratch = scratchFolder()
    const upgraded = join(scratch.path, 'manifest.json')
    const operations = JSON.parse(await readFile(manifest, 'utf8')) as { operations: { id: string; name: string; body: string }[] }
    await writeFile(upgraded, JSON.stringify({
      ...operations,
      operations: operations.operations.map((operation) => {
        const body = operation.name.startsWith('Display') ? `${operation.body}\n# changed` : operation.body
        return { ...operation, body, id: createHash('sha256').update(body).digest('hex') }
      }),
    }))
    await using opened = await openAudited(browser, { locale: 'en-IE' })
    const { page } = opened
    await page.goto(`${shop.url}/display/two`)
    const milk = page.locator('[data-product=milk]')
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
    const former = await page.locator('#settings').textContent()
    await shop.stop()
    await shop.start(upgraded)
    try {
      await until('the new page', async () => (await page.locator('#settings').textContent().catch(() => former)) !== former)
      shop.cloud.put(price('milk', 183))
      await milk.getByText('€1.83', { exact: true }).waitFor()
      await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
    } finally {
      await shop.stop()
      await shop.start()
    }
  })

  test('is not live while the node gives no content, and until there is any says why', async () => {
    await using opened = await openAudited(browser, { locale: 'en-IE' })
    const { page } = opened
    let refusing = true
    const refusal = { errors: [{ message: 'This node has no copy yet.', extensions: { code: 'NOT_READY' } }], extensions: { edge: { asOf: null, position: null, ageSeconds: 0, online: true } } }
    // With the device null it says nothing of the device either.
    const damaged = { data: { device: null }, errors: [{ message: 'Damaged.', path: ['device'], extensions: { code: 'COPY_DAMAGED' } }], extensions: { edge: { asOf: '2026-01-01T00:00:00.000Z', position: 'first:9999', ageSeconds: 0, online: true } } }
    let body: unknown = refusal
    await page.route('**/graphql', (route) => (refusing ? route.fulfill({ status: 503, contentType: 'application/json', body: JSON.stringify(body) }) : route.continue()))
    await page.clock.install()
    await page.goto(`${shop.url}/display/two`)
    await page.getByText('This node has no copy yet.').waitFor()
    refusing = false
    await page.clock.runFor(5_000)
    const tea = page.locator('[data-product=tea]')
    await tea.waitFor()
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
    expect(await page.locator('#message').isVisible()).toBe(false)
    // The node hears the cloud, and is given nothing.
    refusing = true
    const position = 'first:9998'
    body = { data: (await (await ask(shop)).json() as { data: unknown }).data, extensions: { edge: { asOf: '2026-01-01T00:00:00.000Z', position, ageSeconds: 61, online: true } } }
    await page.clock.runFor(5_000)
    await page.getByRole('status').getByText('Catching up').waitFor()
    body = damaged
    await page.clock.runFor(20_000)
    await page.getByRole('status').getByText('No connection').waitFor()
    await page.getByText(/as it was \d+ seconds? ago, at/).waitFor()
    expect(await tea.count()).toBe(1)
  })

  test('what has not changed stays where it is, and of many changes only some are read out', async () => {
    await using opened = await openAudited(browser, { locale: 'en-IE' })
    const { page } = opened
    await page.goto(`${shop.url}/display/window`)
    await page.locator('[data-product=oil]').waitFor()
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
    await page.evaluate(`{
      globalThis.moved = []
      new MutationObserver((records) => { for (const { addedNodes } of records) for (const node of addedNodes) moved.push(node.dataset.product) }).observe(document.getElementById('products'), { childList: true })
    }`)
    shop.cloud.put(price('bread', 411))
    await page.locator('[data-product=bread]').getByText('€4.11', { exact: true }).waitFor()
    expect(await page.evaluate('moved')).toEqual(['bread'])
    shop.cloud.put(price('bread', 412), price('tea', 252), price('milk', 182), price('eggs', 366))
    await page.getByText(/is now .*\. .*is now .*\. .*is now .*\. 1 more changed$/).waitFor({ state: 'attached' })
  })

  test.each([['display', 240, 320], ['display', 1280, 800], ['display', 3840, 2160], ['label', 240, 320], ['label', 296, 152], ['label', 800, 480]])(
    'whatever a product is called or costs, it keeps to its place on a %s of %i × %i', async (view, width, height) => {
      const { cloud } = shop
      cloud.put(
        product('long', 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft '.repeat(4), 'A brand whose name goes on and on and on', '12 x 1000 ml'),
        price('long', 123_456_789), offer('long', 99_999_999), cloud.stock('long', 123_456),
        product('letters', 'X'.repeat(300), 'X', '1 l'), price('letters', 5), cloud.stock('letters', 0), device('crowd', ['long', 'letters', 'coffee', 'markup']),
      )
      await using opened = await openAudited(browser, { locale: 'en-IE', viewport: { width, height } })
      const { page } = opened
      await page.goto(`${shop.url}/${view}/crowd`)
      await page.locator('[data-product=markup]').waitFor()
      const outside = await page.evaluate(`[...document.querySelectorAll('#products > li :not(.unseen)')].filter((each) => {
        const box = each.getBoundingClientRect(), place = each.closest('li').getBoundingClientRect()
        const clipped = each.closest('.what') !== null
        return box.right > place.right + 1 || box.left < place.left - 1 || (!clipped && (box.bottom > place.bottom + 1 || box.top < place.top - 1))
      }).map((each) => each.className)`)
      expect({ outside, scrolls: await page.evaluate('document.documentElement.scrollWidth > innerWidth') }).toEqual({ outside: [], scrolls: false })
      expect(await page.evaluate(`Math.min(...[...document.querySelectorAll('#products > li')].map((each) => each.getBoundingClientRect().height))`)).toBeGreaterThan(100)
    })

  test.each(['display', 'label'])('every text of a %s can be read, in light and in dark, live and offline', async (view) => {
    await using opened = await openAudited(browser, { locale: 'en-IE', reducedMotion: 'reduce' })
    const { page } = opened
    await page.goto(`${shop.url}/${view}/window`)
    await page.locator('[data-product=oil]').waitFor()
    expect(await page.evaluate('document.getAnimations().length')).toBe(0)
    for (const state of ['live', 'offline']) {
      shop.cloud.down = state === 'offline'
      await page.locator(`body[data-state=${state}]`).waitFor()
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await faintTexts(page)).toEqual([])
      }
    }
    shop.cloud.down = false
  })

  test('a shelf label fits its small screen in black and white, with a barcode of its number', async () => {
    await using opened = await openAudited(browser, { locale: 'en-IE', viewport: { width: 296, height: 152 } })
    const { page, audit } = opened
    for (const path of ['/label/shelf', '/display/shelf?view=label']) {
      await page.goto(`${shop.url}${path}`)
      const coffee = page.locator('[data-product=coffee]')
      await coffee.getByText('€6.99', { exact: true }).waitFor()
      await coffee.getByText('€13.98 / kg').waitFor()
      await coffee.getByText('€8.99').waitFor()
      await coffee.getByRole('img', { name: 'Barcode 2900000100039' }).waitFor()
      for (const part of ['.name', '.price', '.unit-price', '.stock', '.barcode', 'header']) {
        const box = await page.locator(part).first().boundingBox()
        expect({ part, inside: box !== null && box.x >= 0 && box.y >= 0 && box.x + box.width <= 296 && box.y + box.height <= 152 }).toEqual({ part, inside: true })
      }
    }
    // Two labels of a strip stand beside each other: nobody scrolls a shelf.
    await page.setViewportSize({ width: 480, height: 176 })
    await page.goto(`${shop.url}/label/two`)
    await page.locator('[data-product=milk]').waitFor()
    expect(await page.evaluate('document.documentElement.scrollHeight <= innerHeight')).toBe(true)
    expect(foreignRequests(audit, shop.url)).toEqual([])
    expect({ violations: audit.violations, errors: audit.errors }).toEqual({ violations: [], errors: [] })
  })

  test('what is written on a product is text, whatever it looks like, and a price that is not known is not made up', async () => {
    await using opened = await openAudited(browser)
    await opened.page.goto(`${shop.url}/display/markup`)
    await opened.page.getByRole('heading', { name: 'Salt <b>& vinegar</b>', exact: true }).waitFor()
    await opened.page.getByText('Crisp <i>Co</i>').waitFor()
    await opened.page.getByText('Price at the till').waitFor()
  })

  test('a device that the store does not have is named', async () => {
    await using opened = await openAudited(browser)
    await opened.page.goto(`${shop.url}/display/nowhere`)
    await opened.page.goto(`${shop.url}/display/nowhere`)
    await opened.page.getByText('No device named nowhere in this store.').waitFor()
    // That it has nothing to tell is no fault of the link; and it is shown as soon as it is there.
    await opened.page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
    shop.cloud.put(device('nowhere', ['bread']))
    await opened.page.getByRole('heading', { name: 'Sourdough Loaf' }).waitFor()
    shop.cloud.put(device('nowhere', ['tea']))
    await opened.page.getByRole('heading', { name: 'Green Tea Sencha' }).waitFor()
  })

  test('a store whose time zone nobody knows has a screen all the same, and names are set in their own direction', async () => {
    const shown = { id: 'odd', name: '"שוקולד" – (70%)!', brand: 'شركة <x>', description: null, category_id: null, gtin: null, attributes: '[]', image_url: null }
    shop.cloud.put({ entity: 'store', row: { id: '7', name: 'Harbour Market', timezone: 'Mars/Olympus' } }, { entity: 'product', row: shown }, price('odd', 0), device('odd', ['odd']))
    await using opened = await openAudited(browser)
    await opened.page.setViewportSize({ width: 320, height: 600 })
    await opened.page.goto(`${shop.url}/display/odd`)
    await opened.page.getByRole('heading', { name: shown.name, exact: true }).waitFor()
    await opened.page.getByText('€0.00').first().waitFor()
    await opened.page.getByText(/^as of \d/).waitFor()
    expect(await opened.page.evaluate(`[getComputedStyle(document.querySelector('.name')).unicodeBidi, document.documentElement.scrollWidth]`)).toEqual(['plaintext', 320])
    expect(opened.audit.errors).toEqual([])
  })
})
