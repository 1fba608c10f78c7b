import { sql } from 'kysely'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { ask } from '../environment/client.ts'
import type { Stack } from '../environment/stack.ts'
import { until } from '../environment/wait.ts'

/** An operation that the node answers, to learn where it stands. */
export interface Probe {
  readonly documentId: string
  readonly variables: Readonly<Record<string, unknown>>
}

/**
 * Waits until all that was written is in the log, and search and the node have it; then it is the same everywhere as long
 * as nobody writes.
 * @param name tells this rest from those before.
 * @returns where the log ends.
 */
export async function comeToRest(stack: Stack, storage: PostgresStorage, probe: Probe, name: string): Promise<string> {
  // Search follows the log in its order: once it finds the last product written, it has all that came before.
  const id = `zzz-rest-${name}`
  await storage.db.insertInto('product').values({ id, name: `rest${name}`, description: null, brand: null, category_id: null, gtin: null, attributes: '[]', image_url: null }).execute()
  await until('search to have all', async () => {
    const { data } = await ask(stack.gateway.url, { query: `{ search(query: "rest${name}", first: 100) { nodes { id } } }` })
    return JSON.stringify(data).includes(`"${id}"`)
  })
  return until('the node to have all', () => positionAtRest(stack, storage, probe))
}

/** Where log and node stand; null while they differ, or while the node has writes to deliver. */
export async function positionAtRest(stack: Stack, storage: PostgresStorage, probe: Probe): Promise<string | null> {
  const { rows } = await sql<{ position: string; waiting: number }>`
    select (select epoch || ':' || batch from log_fence) as position, (select count(*)::int from outbox) as waiting`.execute(storage.db)
  const head = rows[0]
  if (head === undefined || head.waiting > 0) return null
  const { extensions } = await ask(stack.edge.url, { ...probe })
  if ((extensions.edge?.position as unknown) !== head.position) return null
  const metrics = await (await fetch(`${stack.edge.url}/metrics`)).text()
  return /^aisle_edge_outbox_operations(?:\{.*\})? 0$/m.test(metrics) ? head.position : null
}
