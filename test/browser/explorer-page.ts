import type { Locator, Page } from 'playwright-core'

/** The explorer as its user sees it. */
export class ExplorerPage {
  readonly page: Page
  /** Labels of the tabs with an operation each. */
  readonly tabs: Locator
  readonly activeTab: Locator
  readonly editor: Locator
  readonly variables: Locator
  readonly response: Locator
  readonly suggestions: Locator
  readonly panel: Locator

  constructor(page: Page) {
    this.page = page
    this.tabs = page.locator('[role=tab]')
    this.activeTab = page.locator('.graphiql-tab-active .graphiql-tab-button')
    this.editor = page.locator('.graphiql-query-editor .view-lines')
    this.variables = page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines')
    this.response = page.locator('.graphiql-response .view-lines')
    this.suggestions = page.locator('.suggest-widget.visible .monaco-list-row')
    this.panel = page.locator('.graphiql-explorer-root')
  }

  /** Opens the page and waits until it has read the schema. */
  async open(url: string): Promise<void> {
    const schemaRead = this.page.waitForResponse((response) => response.url().endsWith('/graphql') && response.request().method() === 'POST')
    await this.page.goto(url)
    await (await schemaRead).finished()
    await this.editor.waitFor()
  }

  /** Types one named operation and runs it, once GraphiQL has seen what it is called: it sends the name along. */
  async runOperation(document: string): Promise<void> {
    await this.type(document)
    await this.activeTab.filter({ hasText: new RegExp(`^${operationName(document)}$`) }).waitFor()
    await this.page.keyboard.press('ControlOrMeta+Enter')
  }

  /** Types a document of one line, key by key, over what the editor holds. */
  async type(document: string): Promise<void> {
    await this.editor.click()
    await this.page.keyboard.press('ControlOrMeta+A')
    await this.page.keyboard.press('Delete') // else an opening brace would enclose what is selected
    await this.page.keyboard.type(document)
  }

  /** Resolves once the text is shown, white space apart: the editor draws each line as an element of its own. */
  async shows(place: Locator, text: string): Promise<void> {
    const pattern = text.split(/\s+/).map((word) => word.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)).join(String.raw`\s*`)
    await place.filter({ hasText: new RegExp(pattern) }).waitFor().catch(async (error: unknown) => {
      throw new Error(`Expected the page to show ${text}, it shows ${(await place.allInnerTexts()).join('\n')}`, { cause: error })
    })
  }
}

/** The name that a document gives its operation, and GraphiQL its tab. */
export function operationName(document: string): string {
  const name = /^(?!#).*(?:query|mutation|subscription)\s+(\w+)/m.exec(document)?.[1]
  if (name === undefined) throw new Error(`No operation has a name in ${document}`)
  return name
}
