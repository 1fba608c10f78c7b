import { expect, test } from '@jest/globals'
import { openAudited } from './audit.ts'
import { describeInChromium, launchChromium } from './chromium.ts'
import { ExplorerPage } from './explorer-page.ts'
import { registerExplorerTests } from './explorer-suite.ts'
import { startPageServer } from './page-server.ts'

registerExplorerTests('The explorer page', startPageServer)

describeInChromium('The explorer page of a server without examples', () => {
  test.each([
    ['offers none', []],
    ['answers 404', null],
    ['answers something else', { examples: 'none' }],
  ])('opens with a plain query when the server %s', async (_case, offer) => {
    await using target = await startPageServer(offer)
    await using browser = await launchChromium()
    await using opened = await openAudited(browser)
    const explorer = new ExplorerPage(opened.page)
    await explorer.open(target.url)
    await explorer.shows(explorer.editor, '__typename')
    expect(await explorer.tabs.count()).toBe(1)
    await opened.page.getByRole('button', { name: 'Execute query' }).click()
    await explorer.shows(explorer.response, '"__typename": "Query"')
  })
})
