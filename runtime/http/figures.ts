import { Durations } from '../durations.ts'
import { Gauge, type Registry } from '../metrics.ts'

/** Bounds of durations in seconds, the same for every role, so that their histograms add up. */
export const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])

/** Requests to this process (OpenTelemetry's `http.server.request.duration` and `http.server.active_requests`). */
export interface ServerFigures {
  entered(): void
  /** @param route the pattern that the path matched, never the path itself; empty where it matched none */
  left(method: string, route: string, status: number, seconds: number): void
}

export function serverFigures(registry: Registry): ServerFigures {
  const registers = [registry]
  const durations = new Durations({
    name: 'http_server_request_duration_seconds',
    help: 'Duration of HTTP requests, by method, status and route; health checks and scrapes are not counted',
    labelNames: ['http_request_method', 'http_response_status_code', 'http_route'],
    buckets: durationBuckets,
    registers,
  })
  let open = 0
  const active: Gauge = new Gauge({ name: 'http_server_active_requests', help: 'HTTP requests being answered', registers, collect: () => active.set(open) })
  return {
    entered: () => void (open += 1),
    left(method, route, status, seconds) {
      open -= 1
      durations.took(seconds, methods.has(method) ? method : '_OTHER', String(status), route)
    },
  }
}

/** Requests of this process to others (OpenTelemetry's `http.client.request.duration`). @param peer the label that names whom */
export function clientDurations(registry: Registry, peer: 'subgraph' | 'peer_service'): Durations {
  return new Durations({
    name: 'http_client_request_duration_seconds',
    help: `Duration of requests to others, by ${peer}; error_type is empty for those that were answered`,
    labelNames: [peer, 'error_type'],
    buckets: durationBuckets,
    registers: [registry],
  })
}
