import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import { refuseForgery } from './csrf.ts'

/**
 * Says which other sites' pages may use the graph: browsers ask before they send (CORS), and a GET that a browser sends without
 * asking is refused unless its page is of this site or of one of them. `*` stands for every site. Call it before the server listens.
 */
export async function guardOrigins(server: FastifyInstance, graphqlPath: string, allowed: readonly string[]): Promise<void> {
  const anyone = allowed.includes('*')
  if (allowed.length > 0) {
    await server.register(cors, {
      origin: anyone ? '*' : [...allowed],
      methods: ['GET', 'POST'],
      exposedHeaders: ['age', 'etag', 'retry-after'],
      maxAge: 3_600,
      strictPreflight: false,
    })
  }
  server.addHook('onRequest', ({ method, headers, routeOptions }, _reply, done) => {
    if (method === 'GET' && routeOptions.url === graphqlPath && !anyone && (headers.origin === undefined || !allowed.includes(headers.origin))) refuseForgery(headers)
    done()
  })
}
