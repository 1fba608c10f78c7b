import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'
import { isJsonContent } from '../graphql/media.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Puts a lane before the router of a server that is ready: it answers a request, or leaves it to `next`. */
export function beforeRouter(server: Server, lane: (next: Handler) => Handler): void {
  const routers = server.listeners('request') as Handler[]
  server.removeAllListeners('request')
  server.on('request', lane((request, response) => {
    for (const route of routers) route(request, response)
  }))
}

/** Whether no page of another site can be behind it: those take the way where they are told apart. */
export function isOwnSite({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  return origin === undefined && (site === undefined || site === 'same-origin' || site === 'none')
}

/** Whether a body of JSON comes that is as it is sent, and no larger than so many bytes. */
export function isSmallJson(headers: IncomingHttpHeaders, limit: number): boolean {
  const type = headers['content-type']
  return (
    type !== undefined && (type === 'application/json' || isJsonContent(type)) &&
    headers['content-length'] !== undefined && Number(headers['content-length']) <= limit && headers['content-encoding'] === undefined
  )
}

/** Calls back once the whole body is there; never, when the client leaves before. */
export function readWhole(request: IncomingMessage, done: (body: Buffer) => void): void {
  let body: Buffer | null = null
  request.on('data', (chunk: Buffer) => {
    body = body === null ? chunk : Buffer.concat([body, chunk])
  })
  request.on('end', () => done(body ?? Buffer.alloc(0)))
}
