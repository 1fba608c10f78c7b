import pg from 'pg'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import { Backoff, pause } from './backoff.ts'

const heartbeatMs = 10_000

/**
 * A connection of one's own, outside the storage's pool: for who holds it long, or must never wait for a free one.
 * A statement that takes longer than `mostMs` milliseconds fails.
 */
export async function openConnection({ pool, connectionString }: PostgresStorage, mostMs = 30_000): Promise<pg.Client> {
  const { types } = pool.options
  const client = new pg.Client({
    connectionString,
    ...(types === undefined ? {} : { types }),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 5_000,
    query_timeout: mostMs,
  })
  // The statement under way reports the fault; without a listener it would end the process as well.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
  return client
}

export interface ListenHandlers {
  onNotification(payload: string): void
  /** Listening: notifications before this instant may have been missed. */
  onUp(): void
  onDown?(error: unknown): void
}

/** Listens on a channel until disposed, connecting again whenever the connection is lost, also one that is only half open. */
export function listenTo(storage: PostgresStorage, channel: string, handlers: ListenHandlers): AsyncDisposable {
  const stop = new AbortController()
  const backoff = new Backoff(50, 2_000)
  const listenOnce = async (): Promise<void> => {
    const client = await openConnection(storage)
    try {
      const lost = new Promise<never>((_resolve, reject) => {
        client.once('error', reject)
        client.once('end', () => reject(new Error('The connection ended.')))
      })
      lost.catch(() => {})
      client.on('notification', (message) => handlers.onNotification(message.payload ?? ''))
      await client.query(`listen ${pg.escapeIdentifier(channel)}`)
      backoff.succeeded()
      handlers.onUp()
      while (!stop.signal.aborted) {
        await Promise.race([pause(heartbeatMs, stop.signal), lost])
        if (!stop.signal.aborted) await client.query('select 1')
      }
    } finally {
      await client.end().catch(() => {})
    }
  }
  const running = (async () => {
    while (!stop.signal.aborted) {
      try {
        await listenOnce()
      } catch (error) {
        handlers.onDown?.(error)
        await pause(backoff.failed(), stop.signal)
      }
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}
