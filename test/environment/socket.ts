import { once } from 'node:events'
import WebSocket from 'ws'

/** How a socket was received: acknowledged, or closed with a code and a reason. */
export interface Reception extends Disposable {
  readonly acknowledged: boolean
  /** Resolves when it is closed, by whichever side. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** Opens a graphql-ws connection with a first message of its own, and waits for what the server makes of it. */
export async function greet(url: string, parameters: Readonly<Record<string, unknown>>, headers: Readonly<Record<string, string>> = {}): Promise<Reception> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws', { headers: { ...headers } })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  await once(socket, 'open')
  const answered = once(socket, 'message')
  socket.send(JSON.stringify({ type: 'connection_init', payload: parameters }))
  const acknowledged = await Promise.race([answered.then(([message]) => String(message).includes('connection_ack')), closed.then(() => false)])
  return { acknowledged, closed, [Symbol.dispose]: () => socket.terminate() }
}
