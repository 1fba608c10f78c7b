import { createServer, type Server, type Socket } from 'node:net'

/** Answers a request: at once with all the bytes of an HTTP response, or later. */
export type Answer = (path: string, body: string) => Buffer | Promise<Buffer>

const headEnd = Buffer.from('\r\n\r\n')

/**
 * The least HTTP/1.1 server that keeps connections open, so that what stands beside a gateway on the other core costs little.
 * It reads bodies by their content-length, and no pipelining.
 */
export function createBareServer(answer: Answer): Server {
  return createServer({ noDelay: true }, (socket) => serve(socket, answer))
}

function serve(socket: Socket, answer: Answer): void {
  let pending: Buffer | null = null
  const reply = (bytes: Buffer): void => void (socket.writable && socket.write(bytes))
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    const data: Buffer = pending === null ? chunk : Buffer.concat([pending, chunk])
    pending = data
    const end = data.indexOf(headEnd)
    if (end < 0) return
    const head = data.toString('latin1', 0, end)
    const length = contentLength(head)
    if (data.length < end + 4 + length) return
    pending = null
    const result = answer(head.slice(head.indexOf(' ') + 1, head.indexOf(' ', head.indexOf(' ') + 1)), data.toString('utf8', end + 4, end + 4 + length))
    if (result instanceof Promise) void result.then(reply)
    else reply(result)
  })
}

function contentLength(head: string): number {
  const match = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (match === null && /\r\ntransfer-encoding:/i.test(head)) throw new Error('this server reads no chunked bodies')
  return Number(match?.[1] ?? 0)
}

export function response(json: string): Buffer {
  return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`)
}
