import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

async function build(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [here('build.ts')])
  return stdout
}

describe('The built explorer page', () => {
  beforeAll(build, 120_000)

  test('is not built again while nothing changed', async () => {
    expect(await build()).toMatch(/up to date/)
  })

  test('refers to all its parts relative to itself', async () => {
    const html = await readFile(here('dist/index.html'), 'utf8')
    const urls = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url)
    expect(urls.length).toBeGreaterThan(2)
    expect(urls.filter((url) => !url?.startsWith('./assets/'))).toEqual([])
  })

  test('names every asset after its content, so that it can be cached for ever', async () => {
    const names = await readdir(here('dist/assets'))
    expect(names.filter((name) => !/-[\w-]{8}\.\w+$/.test(name))).toEqual([])
  })
})
