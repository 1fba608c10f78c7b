import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folders = ['runtime', 'schema', 'subgraphs', 'gateway', 'edge-cache', 'local', 'test', 'helm']
const inFolders = folders.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`))
const pages = [...readdirSync(root), ...inFolders].filter((file) => file.endsWith('.md') && !file.includes('node_modules'))

test('every link of a page leads to a file, and to a heading where it names one', () => {
  const broken: string[] = []
  let links = 0
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/```.*?```/gs, '')
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      links += 1
      const [path = '', heading] = target.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      const there = existsSync(join(root, file))
      if (!there || (heading !== undefined && !headingsOf(join(root, file)).has(heading))) broken.push(`${page}: ${target}`)
    }
  }
  expect(links).toBeGreaterThan(30)
  expect(broken).toEqual([])
})

/** As GitHub names them. */
function headingsOf(file: string): Set<string> {
  const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text)
  return new Set(headings.map((text) => text.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-')))
}
