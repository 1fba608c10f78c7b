import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'

/** Returns null when fine, else a short reason why the role cannot serve. */
export type ReadinessCheck = () => string | null | Promise<string | null>

/** What a role says about itself: live as long as the process runs, ready when every check passes. */
export class Health {
  readonly #checks = new Map<string, ReadinessCheck>()
  #draining = false

  /** Adds a check; a role without any is ready at once. */
  require(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check)
  }

  /** From now on not ready, so that balancers send no more while open requests finish. */
  drain(): void {
    this.#draining = true
  }

  get draining(): boolean {
    return this.#draining
  }

  /** The reasons against serving, by check; empty when ready. */
  async problems(): Promise<Record<string, string>> {
    const problems: Record<string, string> = this.#draining ? { process: 'stopping' } : {}
    for (const [name, check] of this.#checks) {
      try {
        const problem = await check()
        if (problem !== null) problems[name] = problem
      } catch (error) {
        problems[name] = error instanceof Error ? error.message : String(error)
      }
    }
    return problems
  }
}

export interface OperationalAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Answers the paths that every role has (`/health/live`, `/health/ready`, `/metrics`), or null for any other. */
export async function operationalAnswer(path: string, health: Health, metrics: Registry): Promise<OperationalAnswer | null> {
  switch (path) {
    case '/health/live':
      return { status: 200, contentType: 'application/json', body: '{"live":true}' }
    case '/health/ready': {
      const problems = await health.problems()
      const ready = Object.keys(problems).length === 0
      return { status: ready ? 200 : 503, contentType: 'application/json', body: JSON.stringify({ ready, problems }) }
    }
    case '/metrics':
      return { status: 200, contentType: metrics.contentType, body: await metrics.metrics() }
    default:
      return null
  }
}

/** The same for a bare `node:http` server. Resolves to true when it has answered. */
export async function serveOperational(request: IncomingMessage, response: ServerResponse, health: Health, metrics: Registry): Promise<boolean> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
  const answer = await operationalAnswer(path, health, metrics)
  if (answer === null) return false
  response.writeHead(answer.status, { 'content-type': answer.contentType, 'cache-control': 'no-store' })
  response.end(answer.body)
  return true
}
