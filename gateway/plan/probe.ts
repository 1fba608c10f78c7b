import { text } from 'node:stream/consumers'
import { QueryPlanner } from '@graphql-hive/router-query-planner'

// A process of its own: reads a supergraph from standard input, and ends with 0 when the planner takes it.
try {
  const planner = new QueryPlanner(await text(process.stdin))
  process.exitCode = planner.consumerSchema === '' ? 1 : 0
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
