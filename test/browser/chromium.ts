import { accessSync, constants } from 'node:fs'
import { describe, jest, test } from '@jest/globals'
import { chromium, type Browser } from 'playwright-core'

const usualPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Nothing that the browser asks for by itself, so that every request seen is the page's. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A page of several megabytes on a busy machine takes its time; each wait inside gets half of it. */
export const testTimeoutMs = 120_000

/** The browser to test with: `CHROMIUM_PATH`, else the first of the usual places; null when there is none. */
export function findChromium(): string | null {
  const { CHROMIUM_PATH } = process.env
  return (CHROMIUM_PATH === undefined ? usualPaths : [CHROMIUM_PATH]).find(isExecutable) ?? null
}

/** A fresh headless browser; `await using` closes it with every page in it. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === null) throw new Error('No Chromium found: install it, or set CHROMIUM_PATH')
  return chromium.launch({ executablePath, headless: true, args: flags })
}

/** Like `describe`, but skipped, saying why, where no Chromium is installed. */
export function describeInChromium(name: string, tests: () => void): void {
  if (findChromium() === null) {
    const reason = `${name}: skipped, there is no Chromium here; install it, or set CHROMIUM_PATH`
    process.stderr.write(`${reason}\n`) // jest keeps the names of skipped tests to itself
    test.skip(reason, () => {})
    return
  }
  jest.setTimeout(testTimeoutMs)
  describe(name, tests)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
