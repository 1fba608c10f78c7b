import type { Config } from 'jest'

/** Node strips the types itself, so jest needs no transformer. One Postgres serves the whole run, a database each suite. */
export default {
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{runtime,schema,subgraphs,gateway,edge-cache,local,test,helm}/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.aisle'],
  globalSetup: '<rootDir>/local/testing/global-setup.ts',
  globalTeardown: '<rootDir>/local/testing/global-teardown.ts',
  maxWorkers: 2,
  testTimeout: 60_000,
} satisfies Config
