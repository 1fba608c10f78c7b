import { expect, test } from '@jest/globals'
import { missingBuilds, readLockfile } from './complete.ts'

test('the lockfile names the builds for every platform (else: npm run lockfile)', async () => {
  expect([...missingBuilds(await readLockfile()).keys()]).toEqual([])
})

test('a build that is missing is added with the platform that its name tells', () => {
  const packages = {
    'node_modules/tool': { version: '1.0.0', dev: true, optionalDependencies: { '@tool/binding-linux-x64-musl': '1.0.0', '@tool/there': '1.0.0' } },
    'node_modules/tool/node_modules/@tool/there': { version: '1.0.0' },
  }
  expect([...missingBuilds({ packages })]).toEqual([
    ['node_modules/@tool/binding-linux-x64-musl', { version: '1.0.0', cpu: ['x64'], dev: true, libc: ['musl'], optional: true, os: ['linux'] }],
  ])
})
