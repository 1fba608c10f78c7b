import { subgraphNames, type Ports } from './ports.ts'
import type { Facts } from './facts.ts'

export interface TableOptions {
  readonly ports: Ports
  readonly facts: Facts
  readonly databaseUrl: string
  /** Whether that Postgres is ours: then its password opens nothing else, and is shown. */
  readonly embedded: boolean
  readonly logs: string
}

/** What people see once everything answers: where things are, and what to try. */
export function describeRun({ ports, facts, databaseUrl, embedded, logs }: TableOptions): string {
  const url = (port: number, path = ''): string => `http://localhost:${port}${path}`
  const rows: readonly (readonly [string, string])[] = [
    ['GraphiQL', url(ports.gateway, '/')],
    ['Gateway', url(ports.gateway, '/graphql')],
    ['Edge node', facts.store === null ? 'none: these data have no store' : `${url(ports.edge, '/graphql')}  (store ${facts.store.id}, ${facts.store.name})`],
    ...(facts.deviceId === null ? [] : [['Display', url(ports.edge, `/display/${encodeURIComponent(facts.deviceId)}`)] as const]),
    ...subgraphNames.map((name) => [`Subgraph ${name}`, url(ports[name], '/graphql')] as const),
    ['Origin', url(ports.origin)],
    ['Postgres', embedded ? databaseUrl : withoutPassword(databaseUrl)],
    ['Logs', logs],
  ]
  const width = Math.max(...rows.map(([what]) => what.length))
  return [
    'Aisle is up.',
    '',
    ...rows.map(([what, where]) => `  ${what.padEnd(width)}  ${where}`),
    '',
    'Try next',
    ...(facts.product === null ? [] : [`  curl -s ${url(ports.gateway, '/graphql')} -H 'content-type: application/json' -d '${exampleQuery(facts.product.id, facts.store?.id)}'`]),
    ...(facts.store === null ? [] : [
      '  npm run aisle -- cloud down     kills the cloud and leaves the edge node: its display goes on',
      '  npm run aisle -- cloud up       brings the cloud back',
    ]),
    '  Ctrl-C                          stops everything',
  ].join('\n')
}

function exampleQuery(productId: string, storeId: string | undefined): string {
  const store = storeId === undefined ? '' : `(storeId: ${JSON.stringify(storeId)})`
  const query = `{ product(id: ${JSON.stringify(productId)}) { name price${store} { amount { amount currencyCode } } similar(first: 3) { product { name } } } }`
  return JSON.stringify({ query }).replaceAll("'", String.raw`'\''`)
}

function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl)
  if (url.password !== '') url.password = '***'
  return url.href
}
