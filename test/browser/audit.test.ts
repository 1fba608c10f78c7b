import { createServer } from 'node:http'
import { expect, test } from '@jest/globals'
import { closeServer, listen } from '../../runtime/server.ts'
import { foreignRequests, openAudited } from './audit.ts'
import { describeInChromium, launchChromium } from './chromium.ts'

interface Site extends AsyncDisposable {
  readonly url: string
}

const files: Record<string, { readonly type: string; readonly text: string }> = {
  '/': { type: 'text/html', text: `<h1>Waiting</h1><script src="/page.js"></script>` },
  '/page.js': {
    type: 'text/javascript',
    text: `fetch('http://page.invalid/').catch(() => {
      new Worker('/worker.js').onmessage = () => { document.querySelector('h1').textContent = 'Done' }
    })`,
  },
  '/worker.js': { type: 'text/javascript', text: `fetch('http://worker.invalid/').catch(() => postMessage('done'))` },
}

/** Serves a page that misbehaves: it, and a worker of it, ask another host for something. */
async function startSite(policy?: string): Promise<Site> {
  const server = createServer((request, response) => {
    const { type, text } = files[request.url ?? ''] ?? { type: 'text/plain', text: '' }
    if (policy !== undefined) response.setHeader('content-security-policy', policy)
    response.setHeader('content-type', type)
    response.end(text)
  })
  const url = `http://127.0.0.1:${await listen(server, 0, '127.0.0.1')}/`
  return { url, [Symbol.asyncDispose]: () => closeServer(server) }
}

describeInChromium('The audit of a page', () => {
  test('sees requests to other hosts, of the page and of its workers', async () => {
    await using site = await startSite()
    await using browser = await launchChromium()
    await using opened = await openAudited(browser)
    await opened.page.goto(site.url)
    await opened.page.getByText('Done').waitFor()
    expect(foreignRequests(opened.audit, site.url).toSorted()).toEqual(['http://page.invalid/', 'http://worker.invalid/'])
    expect(opened.audit.errors.length).toBeGreaterThan(0)
    expect(opened.audit.violations).toEqual([])
  })

  test('sees what the content security policy stopped', async () => {
    await using site = await startSite(`default-src 'self'`)
    await using browser = await launchChromium()
    await using opened = await openAudited(browser)
    await opened.page.goto(site.url)
    await opened.page.getByText('Done').waitFor()
    expect(opened.audit.violations).toContain('connect-src http://page.invalid/')
  })
})
