import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

const root = new URL('../../', import.meta.url)

test('every test that the table of faults names is there, by its title', () => {
  const rows = readFileSync(new URL('./README.md', import.meta.url), 'utf8').split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| fault'))
  expect(rows.length).toBeGreaterThan(25)
  for (const row of rows) {
    const named = [...row.matchAll(/`([\w/.-]+\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)]
    expect({ row, tests: named.length }).not.toEqual({ row, tests: 0 })
    for (const [, path = '', titles = ''] of named) {
      const text = readFileSync(new URL(path, root), 'utf8')
      for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) expect({ path, title, there: text.includes(title) }).toEqual({ path, title, there: true })
    }
  }
})
