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

/** The codes of the table that stand in these files as texts. */
function codesIn(chosen: readonly string[]): Set<string> {
  const found = new Set<string>()
  for (const file of chosen) for (const [code = ''] of readFileSync(join(root, file), 'utf8').matchAll(/\b[A-Z][A-Z0-9_]{5,}\b/g)) found.add(code)
  return found
}

test('every code of the table is raised somewhere, and some test waits for it', () => {
  const product = codesIn(files.filter((file) => !isTest(file) && file !== 'runtime/errors.ts'))
  const tests = codesIn(files.filter((file) => isTest(file) && file !== here))
  const codes = Object.keys(errorTable)
  expect(codes.length).toBeGreaterThan(60)
  expect(codes.filter((code) => !product.has(code))).toEqual([])
  expect(codes.filter((code) => !tests.has(code))).toEqual([])
})
