import { readdir, readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What each folder may import, beside itself. Tests may also use the facilities of `local/testing` and `test`. */
const allowed: Record<string, readonly string[]> = {
  runtime: [],
  gateway: ['runtime'],
  schema: ['runtime'],
  subgraphs: ['runtime', 'schema'],
  'edge-cache': ['runtime', 'schema', 'subgraphs'],
  local: ['runtime', 'schema', 'subgraphs', 'edge-cache'],
}

const importing = /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)|(?:^|\n)import\s+['"](\.[^'"]+)['"]/g

test.each(Object.keys(allowed))('%s imports only what it may', async (folder) => {
  const files = (await readdir(`${root}/${folder}`, { recursive: true })).filter((file) => /\.tsx?$/.test(file) && !file.includes('node_modules'))
  expect(files.length).toBeGreaterThan(0)
  const strays: string[] = []
  for (const file of files) {
    const path = resolve(root, folder, file)
    for (const match of (await readFile(path, 'utf8')).matchAll(importing)) {
      const target = relative(root, resolve(dirname(path), match[1] ?? match[2] ?? match[3] ?? ''))
      const [top = ''] = target.split('/')
      const forTest = (file.endsWith('.test.ts') || file.includes('testing/')) && (target.startsWith('local/testing/') || top === 'test')
      if (top !== folder && !(allowed[folder] ?? []).includes(top) && !forTest) strays.push(`${folder}/${file} → ${target}`)
    }
  }
  expect(strays).toEqual([])
})
