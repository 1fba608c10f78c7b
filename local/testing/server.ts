import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../postgres/embedded.ts'

/** A Postgres for tests: in a temporary folder, quick and forgetful, gone with its folder when disposed. */
export interface TestServer extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** Holds its data; removed with it. */
  readonly folder: string
}

/** Starts one; it is also stopped and removed when this process ends in any other way, even killed. */
export async function startTestServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'aisle-test-postgres-'))
  const server = await startIn(folder)
  const guard = spawnGuard(server.pid, folder)
  return {
    url: server.url,
    pid: server.pid,
    folder,
    async [Symbol.asyncDispose]() {
      // The guard reads its standard input to the end, then ends the server and sweeps up: the same path for every way to end.
      guard.ref()
      guard.stdin.end()
      await Promise.all([once(guard, 'exit'), server.ended])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function startIn(folder: string): Promise<EmbeddedPostgres> {
  try {
    return await startEmbeddedPostgres({ directory: join(folder, 'data'), durable: false })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** A shell that waits for its standard input to close, which the system does when this process ends, however it ends. */
function spawnGuard(pid: number, folder: string) {
  const script = 'cat >/dev/null; kill -QUIT "$0"; while kill -0 "$0" 2>/dev/null && [ -e "$1/data/postmaster.pid" ]; do sleep 0.02; done; rm -rf "$1"'
  const guard = spawn('/bin/sh', ['-c', script, String(pid), folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  guard.unref()
  return guard
}
