import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { HeaderMap, type ApolloServer, type BaseContext } from '@apollo/server'
import { challengeOf } from '../../runtime/identity/bearer.ts'
import type { Caller } from '../../runtime/identity/caller.ts'
import { AisleError } from '../../runtime/errors.ts'
import { serveOperational } from '../../runtime/health.ts'
import { serverFigures } from '../../runtime/http/figures.ts'
import { endServerSpan, openRequest, requestIdHeader, runRequest } from '../../runtime/request.ts'
import type { RoleContext } from '../../runtime/role.ts'
import { mayBeBehind } from './consistency.ts'
import type { Authenticate } from './principal.ts'

/** Largest body, in bytes: a page of entity references is far below it. */
const bodyLimit = 8 * 1024 * 1024

/** Answers `/graphql` by Apollo Server and the paths every role has, on a bare `node:http` server. */
export function requestListener<Context extends BaseContext>(
  apollo: ApolloServer<Context>,
  authenticate: Authenticate,
  contextOf: (caller: Caller, mayBeBehind: boolean) => Context,
  { health, metrics, log, tracing }: RoleContext,
): RequestListener {
  const figures = serverFigures(metrics)
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0]
    if (path !== '/graphql') {
      if (!(await serveOperational(request, response, health, metrics))) sendText(response, 404, 'Nothing is here; GraphQL is at /graphql.\n')
      return
    }
    if (health.draining) response.setHeader('connection', 'close')
    const caller = await authenticate(request.headers)
    await answerGraphQL(apollo, (behind) => contextOf(caller, behind), request, response)
  }
  const answerAny = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error: unknown) => {
      if (!AisleError.is(error)) log.error({ err: error }, 'a request failed')
      sendFault(response, AisleError.is(error) ? error : new AisleError('INTERNAL_SERVER_ERROR'))
    })
  }
  return (request, response) => {
    if ((request.url ?? '').split('?', 1)[0] !== '/graphql') {
      answerAny(request, response)
      return
    }
    const { method = 'GET' } = request
    const context = openRequest(request.headers, tracing, `${method} /graphql`)
    const start = performance.now()
    response.setHeader(requestIdHeader, context.id)
    figures.entered()
    response.once('close', () => {
      figures.left(method, '/graphql', response.statusCode, (performance.now() - start) / 1000)
      endServerSpan(context, method, '/graphql', response.statusCode)
    })
    runRequest(context, () => answerAny(request, response))
  }
}

async function answerGraphQL<Context extends BaseContext>(
  apollo: ApolloServer<Context>,
  contextOf: (mayBeBehind: boolean) => Context,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = new HeaderMap()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const { search } = new URL(request.url ?? '/', 'http://localhost')
  const body = await readBody(request)
  const answer = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: request.method ?? 'GET', headers, search, body },
    context: async () => contextOf(mayBeBehind(headers, body, search)),
  })
  response.statusCode = answer.status ?? 200
  for (const [name, value] of answer.headers) response.setHeader(name, value)
  if (answer.body.kind === 'complete') {
    response.end(answer.body.string)
    return
  }
  for await (const chunk of answer.body.asyncIterator) response.write(chunk)
  response.end()
}

/** The decoded JSON of a body; undefined where there is none or it is not declared as JSON, which Apollo then refuses. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  if (request.method !== 'POST' || !/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return undefined
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > bodyLimit) throw new AisleError('PAYLOAD_TOO_LARGE')
      chunks.push(chunk)
    }
  } catch (error) {
    if (AisleError.is(error) || request.complete) throw error
    throw new AisleError('REQUEST_CANCELLED', undefined, { cause: error })
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    throw new AisleError('BAD_REQUEST', 'The request body is not valid JSON.', { cause: error })
  }
}

function sendFault(response: ServerResponse, fault: AisleError): void {
  const { status, message, code } = fault
  const challenge = challengeOf(fault)
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close', ...(challenge === null ? {} : { 'www-authenticate': challenge }) })
  response.end(JSON.stringify({ errors: [{ message, extensions: { code } }] }))
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(text)
}
