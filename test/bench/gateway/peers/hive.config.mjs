// Hive Gateway on its Rust planner. With SHARE=1 equal queries, and equal requests to subgraphs, are done once while in flight.
import { defineConfig } from '@graphql-hive/gateway'
import { unifiedGraphHandler } from '@graphql-hive/router-runtime'

const share = process.env.SHARE === '1'

export const gatewayConfig = defineConfig({
  unifiedGraphHandler,
  pollingInterval: 3_600_000,
  logging: 'error',
  inboundInflightRequestDeduplication: share,
  ...(share ? {} : { transportEntries: { '*.http': { options: { deduplicateInflightRequests: false } } } }),
})
