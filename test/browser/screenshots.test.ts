import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { openAudited } from './audit.ts'
import { describeInChromium, launchChromium, testTimeoutMs } from './chromium.ts'
import { openShop, type Shop } from './shop.ts'

/** With AISLE_SCREENSHOTS=write the pictures of the README are made anew. */
const writes = process.env.AISLE_SCREENSHOTS === 'write'
const folder = fileURLToPath(new URL('../../edge-cache/node/display/screenshots/', import.meta.url))

const pictures: readonly { readonly name: string; readonly path: string; readonly offline?: boolean; readonly options: BrowserContextOptions }[] = [
  { name: 'display', path: '/display/window', options: { viewport: { width: 1280, height: 720 } } },
  { name: 'display-dark-offline', path: '/display/window', offline: true, options: { viewport: { width: 1280, height: 720 }, colorScheme: 'dark' } },
  { name: 'display-small', path: '/display/window', options: { viewport: { width: 320, height: 568 }, deviceScaleFactor: 2 } },
  { name: 'label', path: '/label/shelf', options: { viewport: { width: 400, height: 240 }, deviceScaleFactor: 2 } },
  { name: 'label-small-offline', path: '/label/two', offline: true, options: { viewport: { width: 480, height: 176 }, deviceScaleFactor: 2 } },
]

describeInChromium('The pictures of the screens', () => {
  let shop: Shop
  let browser: Browser

  beforeAll(async () => {
    shop = await openShop()
    browser = await launchChromium()
  }, testTimeoutMs)

  afterAll(async () => {
    await browser?.close()
    await shop?.[Symbol.asyncDispose]()
  })

  test.each(pictures)('$name', async ({ name, path, offline = false, options }) => {
    await using opened = await openAudited(browser, { locale: 'en-IE', timezoneId: 'Europe/Dublin', reducedMotion: 'reduce', ...options })
    const { page } = opened
    await page.goto(`${shop.url}${path}`)
    await page.locator('body[data-state=live] li').first().waitFor()
    shop.cloud.down = offline
    if (offline) await page.locator('body[data-state=offline]').waitFor()
    const picture = await page.screenshot()
    shop.cloud.down = false
    expect(picture.length).toBeLessThan(150_000)
    if (!writes) return
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}${name}.png`, picture)
  })
})
