import type { Registry } from 'prom-client'
import { writeCompiledCode } from './compiled-code.ts'
import { AisleError } from './errors.ts'
import { Health } from './health.ts'
import { createLogger, type Logger } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createTracing, defaultSight, type SightConfig } from './sight.ts'
import { noTracing, type Tracing } from './tracing.ts'

/** What every role is given. */
export interface RoleContext {
  readonly name: string
  readonly log: Logger
  readonly metrics: Registry
  readonly health: Health
  readonly tracing: Tracing
  /** Operations that take longer are logged, in milliseconds; 0 logs none. */
  readonly slowMs: number
}

/** A started role: where it answers, and how it is stopped. */
export interface RunningRole extends AsyncDisposable {
  readonly url: string
}

/** The tools of a role, without the process around them; tests start roles in their own process with it. */
export function createRoleContext(name: string, logLevel?: string, sight: Partial<Pick<RoleContext, 'tracing' | 'slowMs' | 'log'>> = {}): RoleContext {
  return { name, log: createLogger(name, logLevel), metrics: createMetrics(name), health: new Health(), tracing: noTracing, slowMs: defaultSight.slowMs, ...sight }
}

/** Longest time a role may take to drain unless it says otherwise, in milliseconds, before the process ends anyway. */
const defaultDrainLimitMs = 10_000

export interface RoleOptions {
  /** Longest time to drain, in milliseconds. */
  readonly drainLimitMs?: number
  readonly sight?: SightConfig
}

/**
 * Runs a role as this process: SIGTERM and SIGINT drain it and exit 0, a second signal exits at once.
 * A role started by a supervisor over an IPC channel tells it when it is up, and stops when the supervisor
 * is gone, unless it was told to outlive it (`AISLE_OUTLIVE_PARENT=1`, as a store's node is).
 */
export async function runRole(name: string, start: (context: RoleContext) => Promise<RunningRole>, { drainLimitMs = defaultDrainLimitMs, sight = defaultSight }: RoleOptions = {}): Promise<void> {
  const log = createLogger(name)
  const stopRequested = new Promise<string>((resolve) => {
    let askedAt: number | null = null
    const ask = (reason: string): void => {
      // One Ctrl-C can arrive twice, from the terminal and from a parent that passes it on; only a later one means hurry.
      if (askedAt !== null && performance.now() - askedAt > 1_000) process.exit(130)
      askedAt ??= performance.now()
      resolve(reason)
    }
    process.on('SIGTERM', () => ask('SIGTERM'))
    process.on('SIGINT', () => ask('SIGINT'))
    if (process.connected) {
      process.once('disconnect', () => {
        if (process.env.AISLE_OUTLIVE_PARENT !== '1') ask('parent gone')
      })
    }
  })
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception')
    process.exit(1)
  })
  try {
    const tracing = await createTracing(sight, name, log)
    const context = createRoleContext(name, undefined, { tracing, log, slowMs: sight.slowMs })
    const running = await start(context)
    log.info({ url: running.url }, 'serving')
    process.send?.({ ready: running.url })
    writeCompiledCode()
    const reason = await stopRequested
    log.info({ reason }, 'stopping')
    context.health.drain()
    setTimeout(() => {
      log.error('drain took too long')
      process.exit(1)
    }, drainLimitMs).unref()
    await running[Symbol.asyncDispose]()
    await tracing[Symbol.asyncDispose]()
    log.flush()
    process.exit(0)
  } catch (error) {
    reportStartFailure(error, log)
    process.exit(1)
  }
}

function reportStartFailure(error: unknown, log: Logger): void {
  if (AisleError.is(error)) {
    log.fatal({ code: error.code, action: error.action }, error.message)
    process.stderr.write(`${error.message}\n${error.action}\n`)
  } else {
    log.fatal({ err: error }, 'could not start')
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  }
  log.flush()
}
