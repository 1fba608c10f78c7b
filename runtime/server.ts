import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AisleError } from './errors.ts'

/**
 * Most connections that wait to be accepted, as far as the system allows (`net.core.somaxconn`). Of a crowd that is larger the rest is dropped without a
 * word, and tries again after 1, 3, 7 and 15 seconds: with Node's 511, stores that lost the same link would come back that late.
 */
const mostConnecting = 4_096

/**
 * Listens and returns the port really taken (0 asks for a free one).
 * @throws AisleError PORT_IN_USE
 */
export async function listen(server: Server, port: number, host?: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new AisleError('PORT_IN_USE', `Port ${port} is already taken: stop what listens there, or choose another with --port.`, { cause: error }) : error)
    })
    server.listen({ port, backlog: mostConnecting, ...(host === undefined ? {} : { host }) }, resolve)
  })
  return (server.address() as AddressInfo).port
}

/** Stops accepting, lets open requests finish for up to `graceMs` milliseconds, then cuts what is left. */
export async function closeServer(server: Server, graceMs = 5_000): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(timer)
}
