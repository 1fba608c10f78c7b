import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { errorTable } from './errors.ts'
import { errorsGuide, errorsGuideFile } from './errors-guide.ts'

test('the guide has every code once, and is what the table says (else: npm run aisle -- errors)', async () => {
  const guide = await readFile(errorsGuideFile, 'utf8')
  for (const code of Object.keys(errorTable)) expect(guide.split(`| \`${code}\` |`)).toHaveLength(2)
  expect(guide).toBe(await errorsGuide())
})
