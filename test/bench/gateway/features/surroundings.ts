import { createServer } from 'node:http'
import { closeServer, listen } from '../../../../runtime/server.ts'
import { startIssuer, testAudience } from '../../../../runtime/identity/testing/issuer.ts'

/** What some features need around the gateway. */
export interface Surroundings {
  /** A real issuer of tokens, and one of its tokens. */
  readonly issuer: { readonly url: string; readonly audience: string; readonly token: string }
  /** Takes spans and looks at none. */
  readonly collector: string
}

/** @param stack ends them */
export async function startSurroundings(stack: AsyncDisposableStack): Promise<Surroundings> {
  const client = 'bench'
  const issuer = stack.use(await startIssuer({ [client]: { roles: ['staff'], stores: ['*'] } }))
  const now = Math.floor(Date.now() / 1000)
  const token = await issuer.forge({ sub: client, iat: now, exp: now + 7_200 })
  const collector = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  })
  const port = await listen(collector, 0, '127.0.0.1')
  stack.defer(() => closeServer(collector, 0))
  return { issuer: { url: issuer.url, audience: testAudience, token }, collector: `http://127.0.0.1:${port}` }
}
