import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { closeServer, listen } from '../../../../runtime/server.ts'

/** A request that came to the gateway's place. */
export interface Heard {
  readonly documentId: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly headers: IncomingHttpHeaders
}

/** Stands where a gateway would, and does whatever the test has it do. */
export interface StandIn extends AsyncDisposable {
  readonly url: string
  readonly heard: Heard[]
  /** What it does with each request from now on. */
  does(behaviour: (response: ServerResponse, heard: Heard) => void): void
  /** It answers GraphQL from now on. */
  answers(body: unknown): void
}

export async function standIn(): Promise<StandIn> {
  const heard: Heard[] = []
  let behaviour: (response: ServerResponse, heard: Heard) => void = (response) => response.writeHead(404).end()
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const { documentId, variables } = JSON.parse(body || '{}') as Heard
      const one = { documentId, variables, headers: request.headers }
      heard.push(one)
      behaviour(response, one)
    })
  })
  const port = await listen(server, 0, '127.0.0.1')
  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    does: (next) => void (behaviour = next),
    answers: (body) => void (behaviour = (response) => json(response, body)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await closeServer(server)
    },
  }
}

/** Sends what a gateway sends. */
export function json(response: ServerResponse, body: unknown, status = 200, type = 'application/graphql-response+json; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
}
