import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'

/** One statement as Postgres really ran it. */
export interface Explained {
  readonly statement: string
  /** Tables that were read from end to end. */
  readonly scanned: readonly string[]
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly PlanNode[]
}

/** A storage of which every statement, those inside functions and triggers too, tells its plan into `explained`. */
export function explainingStorage(databaseUrl: string, explained: Explained[]): PostgresStorage {
  const url = new URL(databaseUrl)
  const settings = { session_preload_libraries: 'auto_explain', 'auto_explain.log_min_duration': '0', 'auto_explain.log_format': 'json', 'auto_explain.log_nested_statements': 'on', client_min_messages: 'log' }
  url.searchParams.set('options', Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`).join(' '))
  const storage = openPostgres(url.href, { connections: 4 })
  storage.pool.on('connect', (client) => {
    client.on('notice', ({ message = '' }) => {
      const start = message.indexOf('{')
      if (!message.startsWith('duration') || start === -1) return
      const { 'Query Text': statement, Plan: plan } = JSON.parse(message.slice(start)) as { 'Query Text': string; Plan: PlanNode }
      explained.push({ statement, scanned: scannedBy(plan) })
    })
  })
  return storage
}

function scannedBy(node: PlanNode): string[] {
  const own = node['Node Type'] === 'Seq Scan' && node['Relation Name'] !== undefined ? [node['Relation Name']] : []
  return [...own, ...(node.Plans ?? []).flatMap(scannedBy)]
}
