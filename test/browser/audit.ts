import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { testTimeoutMs } from './chromium.ts'

/** What a page did that its user does not see. */
export interface PageAudit {
  /** URL of every request and socket, workers' included, in order. */
  readonly requests: string[]
  /** Violations of the content security policy: the directive and what was blocked. */
  readonly violations: string[]
  /** Errors on the console, and exceptions nothing caught. */
  readonly errors: string[]
}

export interface AuditedPage extends AsyncDisposable {
  readonly page: Page
  readonly audit: PageAudit
}

/** Opens an empty page of its own context (own storage, own cache) under audit; navigate it yourself. */
export async function openAudited(browser: Browser, options: BrowserContextOptions = {}): Promise<AuditedPage> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(testTimeoutMs / 2)
  const audit: PageAudit = { requests: [], violations: [], errors: [] }
  await context.exposeFunction('reportViolation', (violation: string) => audit.violations.push(violation))
  await context.addInitScript({
    content: `document.addEventListener('securitypolicyviolation', (event) => reportViolation(event.violatedDirective + ' ' + event.blockedURI))`,
  })
  context.on('request', (request) => audit.requests.push(request.url()))
  context.on('weberror', (error) => audit.errors.push(String(error.error())))
  context.on('console', (message) => {
    if (message.type() === 'error') audit.errors.push(`${message.text()} (${message.location().url})`)
  })
  const page = await context.newPage()
  page.on('websocket', (socket) => audit.requests.push(socket.url()))
  return { page, audit, [Symbol.asyncDispose]: () => context.close() }
}

/** The requests that went to another host than the page's. URLs that carry their own content are none. */
export function foreignRequests(audit: PageAudit, origin: string): string[] {
  const { host } = new URL(origin)
  return audit.requests.filter((url) => !/^(?:data|blob):/.test(url) && new URL(url).host !== host)
}
