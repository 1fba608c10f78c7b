// mercurius' gateway with its JIT, as in the public benchmark. PORT, SUBGRAPHS (name=url, separated by commas).
import gateway from '@mercuriusjs/gateway'
import { fastify } from 'fastify'

const services = process.env.SUBGRAPHS.split(',').map((pair) => {
  const [name, url] = pair.split('=')
  return { name, url, mandatory: true }
})
const server = fastify()
try {
  await server.register(gateway, { jit: 1, path: '/graphql', gateway: { services } })
  await server.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
} catch (error) {
  // Why a schema is refused stands below the error that says so.
  throw error.errors?.[0] ?? error
}
