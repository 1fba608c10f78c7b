import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Command } from 'commander'
import { testDatabase } from '../testing/postgres.ts'
import { registerImportCommand, runImport } from './command.ts'

function terminal(isTTY: boolean) {
  let said = ''
  return { isTTY, write: (text: string) => void (said += text), said: () => said }
}

async function folderWith(products: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'aisle-import-'))
  await writeFile(join(path, 'products.csv'), products)
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) }
}

test('the command says loudly what was not loaded, and only --strict makes that a failure', async () => {
  await using database = await testDatabase()
  await using folder = await folderWith('id,name,list_price,currency\nP1,Tea,1.00,EUR\nP2,Milk,cheap,EUR\n')
  const flags = { databaseUrl: database.url, rejects: join(folder.path, 'rejects.csv') }

  const strict = terminal(false)
  expect(await runImport(folder.path, { ...flags, strict: true }, strict)).toBe(1)
  expect(strict.said()).toContain('Nothing was loaded: products.csv:3 list_price: "cheap" is not a decimal number such as 12.50')

  const plain = terminal(false)
  expect(await runImport(folder.path, flags, plain)).toBe(0)
  expect(plain.said()).toMatch(/^loading products\.csv\n/)
  expect(plain.said()).toMatch(/products\.csv +2 +1 +1 +0 +1 /)
  expect(plain.said()).toContain('1 ROWS WERE NOT LOADED')
  expect(await readFile(flags.rejects, 'utf8')).toContain('products.csv,3,list_price,')

  const tty = terminal(true)
  expect(await runImport(folder.path, flags, tty)).toBe(0)
  expect(tty.said()).toContain('█')
})

test('a wrong folder or database is told with what to do about it', async () => {
  const wrong = terminal(false)
  expect(await runImport('/nowhere/at/all', { databaseUrl: 'postgres://localhost/x' }, wrong)).toBe(1)
  expect(wrong.said()).toContain('/nowhere/at/all does not exist')
  const without = terminal(false)
  expect(await runImport('/nowhere/at/all', {}, without)).toBe(1)
  expect(without.said()).toContain('--database-url')
})

test('the command line has it', () => {
  const program = new Command()
  registerImportCommand(program)
  expect(program.commands[0]?.options.map((option) => option.long)).toEqual(['--strict', '--rejects', '--database-url'])
})
