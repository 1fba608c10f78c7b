import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isPortFree } from '../processes/ports.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../postgres/embedded.ts'
import { tailOf } from './log-file.ts'

/** The Postgres of a run: ours, or one that was there before and outlives us. */
export interface DatabaseUnit {
  /** Whether it is ours to stop. */
  readonly embedded: boolean
  /** Starts it unless it runs. Returns the URL to connect to; `onEnd` hears the end of its log when it dies by itself. */
  start(onEnd: (lastWords: string) => void): Promise<string>
  running(): boolean
  /** Pulls the plug. */
  kill(): Promise<void>
  /** Stops it cleanly if `limitMs` milliseconds are enough for that. */
  stop(limitMs: number): Promise<void>
}

/** A Postgres that somebody else runs. */
export function externalDatabase(url: string): DatabaseUnit {
  return { embedded: false, start: async () => url, running: () => true, async kill() {}, async stop() {} }
}

/** Our own Postgres, with its data in `folder/postgres` and on the same port each time if that is still free. */
export function embeddedDatabase(folder: string, logFile: string): DatabaseUnit {
  let server: EmbeddedPostgres | null = null
  return {
    embedded: true,
    running: () => server !== null,
    async start(onEnd) {
      if (server !== null) return server.url
      const started = await startEmbeddedPostgres({ directory: join(folder, 'postgres'), port: await rememberedPort(folder), durable: true, logFile })
      server = started
      await writeFile(join(folder, 'postgres.port'), String(started.port))
      void (async () => {
        await started.ended
        if (server !== started) return
        server = null
        onEnd(tailOf(logFile))
      })()
      return started.url
    },
    async kill() {
      const killed = server
      server = null
      await killed?.kill()
    },
    async stop(limitMs) {
      const stopped = server
      server = null
      await stopped?.stop(limitMs)
    },
  }
}

async function rememberedPort(folder: string): Promise<number> {
  const port = Number(await readFile(join(folder, 'postgres.port'), 'utf8').catch(() => '0'))
  return Number.isInteger(port) && port > 0 && port < 65_536 && (await isPortFree(port, '127.0.0.1')) ? port : 0
}
