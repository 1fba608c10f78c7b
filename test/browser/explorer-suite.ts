import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { z } from 'zod'
import { foreignRequests, openAudited, type PageAudit } from './audit.ts'
import { describeInChromium, launchChromium, testTimeoutMs } from './chromium.ts'
import { ExplorerPage, operationName } from './explorer-page.ts'

/** A server with the explorer page at `url`, and operations that its graph can answer. */
export interface ExplorerTarget extends AsyncDisposable {
  /** Of the page, with a slash at its end. */
  readonly url: string
  /** A named operation, and a part of the answer as the page shows it. */
  readonly query: { readonly document: string; readonly answer: string }
  /** A field of the query type without required arguments. */
  readonly field: string
  /** A named subscription that has something to say again and again. */
  readonly subscription: string
}

const exampleList = z.array(z.object({ title: z.string(), query: z.string(), variables: z.unknown().optional() })).min(1)

const tabState = z.object({ activeTabIndex: z.number(), tabs: z.array(z.object({ query: z.string().nullable(), variables: z.string().nullable() })) }).nullable()

const ownDocument = 'query MyOwn { __typename }'

const buildScript = fileURLToPath(new URL('../../gateway/explorer/build.ts', import.meta.url))

/** What the explorer page promises, at any server that offers it with at least one example. */
export function registerExplorerTests(name: string, start: () => Promise<ExplorerTarget>): void {
  describeInChromium(name, () => {
    let target: ExplorerTarget
    let browser: Browser

    beforeAll(async () => {
      await promisify(execFile)(process.execPath, [buildScript])
      target = await start()
      browser = await launchChromium()
    }, testTimeoutMs)

    afterAll(async () => {
      await browser?.close()
      await target?.[Symbol.asyncDispose]()
    })

    test('answers a query, completes, ticks, and asks no other host for anything', async () => {
      await using opened = await openAudited(browser)
      const explorer = new ExplorerPage(opened.page)
      await explorer.open(target.url)
      expect(await opened.page.title()).toBe('Aisle')

      await explorer.runOperation(target.query.document)
      await explorer.shows(explorer.response, target.query.answer)

      await explorer.type(`{ ${target.field.slice(0, 3)}`)
      await explorer.shows(explorer.suggestions, target.field)
      await opened.page.keyboard.press('Escape')

      await explorer.runOperation(target.subscription)
      const seen = new Set<string>()
      while (seen.size < 3) {
        const text = await explorer.response.innerText()
        if (text.includes('"data"')) seen.add(text)
      }

      expectClean(opened.audit, target.url)
      expect(opened.audit.requests).toContain(new URL('graphql', target.url.replace(/^http/, 'ws')).href)
      expect(opened.audit.requests.filter((url) => url.includes('.worker-')).length).toBeGreaterThanOrEqual(3)
    })

    test('opens the examples of the server, and later the tabs of the user', async () => {
      const examples = exampleList.parse(await (await fetch(new URL('examples.json', target.url))).json())
      await using opened = await openAudited(browser)
      const explorer = new ExplorerPage(opened.page)
      await explorer.open(target.url)
      await explorer.tabs.nth(examples.length - 1).waitFor()
      expect(await explorer.tabs.allInnerTexts()).toEqual(examples.map(({ query }) => operationName(query)))
      for (const [index, example] of examples.entries()) {
        await explorer.tabs.nth(index).click()
        await explorer.shows(explorer.editor, `# ${example.title}`)
        if (example.variables !== undefined) await explorer.shows(explorer.variables, JSON.stringify(example.variables, null, 2).trim())
      }

      await explorer.type(ownDocument)
      await explorer.tabs.filter({ hasText: 'MyOwn' }).waitFor()
      const own = await explorer.tabs.allInnerTexts()
      await untilStored(explorer, ownDocument)
      await explorer.open(target.url)
      await explorer.shows(explorer.editor, 'query MyOwn')
      expect(await explorer.tabs.allInnerTexts()).toEqual(own)
      expectClean(opened.audit, target.url)
    })

    test('builds an operation in the explorer panel with the keyboard alone', async () => {
      await using opened = await openAudited(browser)
      const explorer = new ExplorerPage(opened.page)
      await explorer.open(target.url)
      await explorer.type('{ __typename }')
      await opened.page.getByRole('button', { name: 'Show GraphiQL Explorer' }).press('Enter')
      const field = explorer.panel.locator(`[data-field-name="${target.field}"]`)
      await field.focus()
      await field.press('Enter')
      await explorer.shows(explorer.editor, target.field)
      expectClean(opened.audit, target.url)
    })

    test('follows the light or dark scheme of the system', async () => {
      const backgrounds = await Promise.all((['light', 'dark'] as const).map(async (colorScheme) => {
        await using opened = await openAudited(browser, { colorScheme })
        const explorer = new ExplorerPage(opened.page)
        await explorer.open(target.url)
        return await opened.page.evaluate<string>(`getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor`)
      }))
      expect(new Set(backgrounds).size).toBe(2)
    })
  })
}

/** The page asked no other host, broke no policy, and reported no error. */
function expectClean(audit: PageAudit, url: string): void {
  expect(foreignRequests(audit, url)).toEqual([])
  expect(audit.violations).toEqual([])
  expect(audit.errors).toEqual([])
}

/**
 * Resolves once the storage holds the document, and says so in both of its places: GraphiQL stores what the
 * editors hold a moment before it stores the tabs, and opens one tab more for a document that no stored tab has.
 */
async function untilStored(explorer: ExplorerPage, document: string): Promise<void> {
  for (;;) {
    const { origins } = await explorer.page.context().storageState()
    const stored = new Map(origins.flatMap(({ localStorage }) => localStorage.map(({ name, value }) => [name, value])))
    const state = tabState.parse(JSON.parse(stored.get('aisle:graphiql:tabState') ?? 'null'))
    const active = state?.tabs[state.activeTabIndex]
    const variables = stored.get('aisle:graphiql:variables') ?? ''
    if (active?.query === document && stored.get('aisle:graphiql:query') === document && (active.variables ?? '') === variables) return
  }
}
