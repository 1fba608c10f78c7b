import { WebSocket } from 'ws'

/**
 * Many subscribers in a process of their own, told over IPC what to do: they open WebSockets, subscribe on each, and count
 * the events that come. Some may never read.
 */
export interface OpenRequest {
  readonly open: {
    readonly url: string
    readonly count: number
    /** The documents that each of them subscribes to. */
    readonly documents: readonly string[]
    /** Subscribe, and read nothing from then on. */
    readonly deaf?: boolean
  }
}

/** How things stand, answered to `{"report": true}`. */
export interface Report {
  readonly sockets: number
  /** Events by how many subscribers have received so many. */
  readonly received: Readonly<Record<number, number>>
  /** Anything but events: errors, completions, closed connections. */
  readonly unexpected: readonly string[]
}

const together = 100
const sockets: WebSocket[] = []
const received = new Map<WebSocket, number>()
const unexpected: string[] = []

async function connect(url: string, documents: readonly string[], deaf: boolean): Promise<void> {
  const socket = new WebSocket(url, 'graphql-transport-ws')
  const acknowledged = Promise.withResolvers<void>()
  socket.on('open', () => socket.send('{"type":"connection_init"}'))
  socket.on('message', (data: Buffer) => {
    const text = data.toString('utf8')
    if (text.includes('"connection_ack"')) acknowledged.resolve()
    else if (text.includes('"type":"next"')) received.set(socket, (received.get(socket) ?? 0) + 1)
    else unexpected.push(text)
  })
  socket.on('error', (error) => acknowledged.reject(error))
  socket.on('close', (code) => unexpected.push(`closed with ${code}`))
  await acknowledged.promise
  for (const [id, query] of documents.entries()) socket.send(JSON.stringify({ id: `${id}`, type: 'subscribe', payload: { query } }))
  if (deaf) socket.pause()
  else received.set(socket, 0)
  sockets.push(socket)
}

function report(): Report {
  const counts: Record<number, number> = {}
  for (const count of received.values()) counts[count] = (counts[count] ?? 0) + 1
  return { sockets: sockets.length, received: counts, unexpected: unexpected.slice(0, 10) }
}

async function onMessage(message: OpenRequest | { readonly report: true }): Promise<void> {
  if ('open' in message) {
    const { url, count, documents, deaf = false } = message.open
    let left = count
    const openSome = async (): Promise<void> => {
      while (left-- > 0) await connect(url, documents, deaf)
    }
    await Promise.all(Array.from({ length: together }, openSome))
  }
  process.send?.(report())
}

if (process.send !== undefined) {
  process.on('message', (message: OpenRequest | { readonly report: true }) => void onMessage(message))
  process.once('disconnect', () => process.exit(0))
}
