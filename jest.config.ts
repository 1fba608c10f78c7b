import type { Config } from 'jest'

/** Node strips the types itself, so jest needs no transformer; suites that start real processes get the long timeout. */
export default {
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{runtime,schema,subgraphs,gateway,edge-cache,local,test,helm}/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.aisle'],
  testTimeout: 60_000,
} satisfies Config
