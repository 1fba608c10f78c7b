import { execFile } from 'node:child_process'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { migrate } from '../../subgraphs/storage/postgres/migrate.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../postgres/embedded.ts'

/** A primary and a streaming replica of it, each a real Postgres in a temporary folder. */
export interface ReplicatedPostgres extends AsyncDisposable {
  readonly primary: EmbeddedPostgres
  readonly replica: EmbeddedPostgres
  /** Starts the replica again, after it was stopped or killed. */
  restartReplica(): Promise<EmbeddedPostgres>
}

/** Makes the primary with the newest schema, copies it while it is stopped, and starts the copy as its hot standby. */
export async function startReplicatedPostgres(): Promise<ReplicatedPostgres> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'aisle-replicated-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const [first, second] = [join(folder, 'primary'), join(folder, 'replica')]
  const made = await startEmbeddedPostgres({ directory: first, durable: false })
  {
    await using storage = openPostgres(made.url, { connections: 2 })
    await migrate(storage)
  }
  await made.stop(20_000)
  await promisify(execFile)('cp', ['-a', first, second])
  await appendFile(join(first, 'pg_hba.conf'), 'host replication all 127.0.0.1/32 scram-sha-256\n')
  const primary = stack.use(await startEmbeddedPostgres({ directory: first, durable: false, port: made.port }))
  const { username, password, port } = new URL(primary.url)
  await appendFile(join(second, 'postgresql.auto.conf'), `primary_conninfo = 'host=127.0.0.1 port=${port} user=${username} password=${password}'\nwal_retrieve_retry_interval = 100\n`)
  await writeFile(join(second, 'standby.signal'), '')
  const startReplica = async (): Promise<EmbeddedPostgres> => stack.use(await startEmbeddedPostgres({ directory: second, durable: false }))
  const replica = await startReplica()
  const kept = stack.move()
  return {
    primary,
    replica,
    restartReplica: async () => kept.use(await startEmbeddedPostgres({ directory: second, durable: false })),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
