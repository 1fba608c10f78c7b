import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { errorTable } from '../../runtime/errors.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folders = ['runtime', 'schema', 'subgraphs', 'gateway', 'edge-cache', 'local', 'test', 'helm']
const files = folders.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`)).filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
const isTest = (file: string): boolean => file.startsWith('test/') || file.includes('/testing/') || file.endsWith('.test.ts')
const here = relative(root, fileURLToPath(import.meta.url))

/** What looks like a code in these files. */
function codesIn(chosen: readonly string[], pattern: RegExp): Set<string> {
  return new Set(chosen.flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(pattern)].map(([, code = '']) => code)))
}

test('every code of the table is raised somewhere, and some test waits for it', () => {
  const product = codesIn(files.filter((file) => !isTest(file) && file !== 'runtime/errors.ts'), /'([A-Z][A-Z0-9_]{5,})'/g)
  const tests = codesIn(files.filter((file) => isTest(file) && file !== here), /\b([A-Z][A-Z0-9_]{5,})\b/g)
  const codes = Object.keys(errorTable)
  expect(codes.length).toBeGreaterThan(60)
  expect(codes.filter((code) => !product.has(code))).toEqual([])
  expect(codes.filter((code) => !tests.has(code))).toEqual([])
})
