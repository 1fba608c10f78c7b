import type { ServerOptions } from 'node:http'
import { type Command, Option } from 'commander'
import { z } from 'zod'

/** How patient a server is with its clients; milliseconds, 0 for no limit. */
export interface Patience {
  /** For the head of a request. */
  readonly headersTimeout: number
  /** For the whole of a request to come in. */
  readonly requestTimeout: number
  /** Between requests. */
  readonly keepAlive: number
  /** Requests after which a connection is closed. */
  readonly maxRequestsPerConnection: number
}

/** Longest pause between two looks for connections that are too slow, in milliseconds. */
const mostLookMs = 1_000
const leastLookMs = 50

/** Idle connections live longer than a balancer's, so that none is closed just as a request comes over it. */
export const defaultPatience: Patience = { headersTimeout: 10_000, requestTimeout: 60_000, keepAlive: 72_000, maxRequestsPerConnection: 0 }

const count = z.coerce.number().int().min(0)

/** The settings of a server; spread into a role's own. */
export const patienceSettings = {
  headersTimeout: count.default(defaultPatience.headersTimeout),
  requestTimeout: count.default(defaultPatience.requestTimeout),
  keepAlive: count.default(defaultPatience.keepAlive),
  maxRequestsPerConnection: count.default(defaultPatience.maxRequestsPerConnection),
} as const

/** Adds the settings above to a command. */
export function addPatienceOptions(command: Command): Command {
  return command
    .addOption(new Option('--headers-timeout <ms>', 'longest time for the head of a request; 0 for no limit, as for those that follow (default: 10000)').env('AISLE_HEADERS_TIMEOUT'))
    .addOption(new Option('--request-timeout <ms>', 'longest time for a whole request to come in (default: 60000)').env('AISLE_REQUEST_TIMEOUT'))
    .addOption(new Option('--keep-alive <ms>', 'how long a connection may be idle between requests (default: 72000)').env('AISLE_KEEP_ALIVE'))
    .addOption(new Option('--max-requests-per-connection <count>', 'requests after which a connection is closed (default: 0)').env('AISLE_MAX_REQUESTS_PER_CONNECTION'))
}

/** The same for a server of `node:http`. */
export function serverOptions({ headersTimeout, requestTimeout, keepAlive }: Patience): ServerOptions {
  // Node refuses a head that may take longer than the whole.
  const headMs = requestTimeout === 0 ? headersTimeout : Math.min(headersTimeout, requestTimeout)
  const shortest = Math.min(...[headMs, requestTimeout].filter((ms) => ms > 0), mostLookMs * 2)
  return { headersTimeout: headMs, requestTimeout, keepAliveTimeout: keepAlive, connectionsCheckingInterval: Math.max(leastLookMs, shortest / 2) }
}

/** The same for Fastify, which sets some of a server's limits itself. */
export function fastifyOptions(patience: Patience) {
  const { requestTimeout, keepAlive, maxRequestsPerConnection } = patience
  return { requestTimeout, keepAliveTimeout: keepAlive, maxRequestsPerSocket: maxRequestsPerConnection, http: serverOptions(patience) } as const
}
