import type { Caller } from './caller.ts'

/** The longest a timer can wait, in milliseconds, and the longest it waits before it looks again. */
const longestWaitMs = 60_000

/** Closes a WebSocket whose token could not be believed: the client must not try again with it. */
export const unauthenticatedClose = 4401
/** Closes a WebSocket whose token has ended: the client may come back with a fresh one, and graphql-ws clients do. */
export const expiredClose = 4403
export const expiredReason = 'The token has expired: connect again with a new one.'

/**
 * Calls back once a caller's token has ended; disposing it forgets about it.
 * @param graceSeconds how long after its end it still counts, asked again as time passes
 */
export function onExpiry({ expiresAt }: Caller, graceSeconds: () => number, ended: () => void): Disposable {
  let timer: NodeJS.Timeout | undefined
  const look = (): void => {
    if (expiresAt === null) return
    const leftMs = (expiresAt + graceSeconds()) * 1000 - Date.now()
    if (leftMs <= 0) ended()
    else timer = setTimeout(look, Math.min(leftMs, longestWaitMs)).unref()
  }
  look()
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}
