import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { Client, escapeIdentifier } from 'pg'
import type { StartConfig } from './config.ts'

/**
 * The name of the database, and of the folder of what roles keep, for one data set. In our own Postgres each data set has its own:
 * starting with another mixes nothing up and throws nothing away.
 */
export function dataSetName({ data, demoSize }: Pick<StartConfig, 'data' | 'demoSize'>): string {
  if (data === undefined) return `demo_${demoSize}`
  const readable = basename(data).toLowerCase().replaceAll(/[^a-z0-9]+/g, '_').slice(0, 30)
  return `${readable}_${createHash('sha256').update(data).digest('hex').slice(0, 8)}`
}

/** Makes the database of a data set unless it is there. Returns its URL. */
export async function ensureDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new Client({ connectionString: serverUrl })
  await client.connect()
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [name])
    if (found.rowCount === 0) await client.query(`create database ${escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}
