import { type Command, Option } from 'commander'
import { z } from 'zod'
import { decodeConfig, httpUrl } from './config.ts'
import type { Logger } from './log.ts'
import { noTracing, type Tracing } from './tracing.ts'

/** What every role is told about being watched. */
export const sightConfig = z.object({
  /** Base URL of a collector of spans (OTLP over HTTP); no spans without it. */
  traceEndpoint: z.literal('').transform(() => undefined).or(httpUrl).optional(),
  /** The part of the traces that begin here which is kept. */
  traceRatio: z.coerce.number().min(0).max(1).default(0.1),
  /** Operations that take longer are logged, in milliseconds; 0 logs none. */
  slowMs: z.coerce.number().min(0).default(1_000),
})

export type SightConfig = z.output<typeof sightConfig>

export const defaultSight: SightConfig = sightConfig.parse({})

/** Adds the flags of {@link sightConfig} to the command of a role. */
export function addSightOptions(command: Command): Command {
  return command
    .addOption(new Option('--trace-endpoint <url>', 'collector to send spans to, over OTLP/HTTP; no spans without it').env('OTEL_EXPORTER_OTLP_ENDPOINT'))
    .addOption(new Option('--trace-ratio <number>', 'part of the traces beginning here that is kept, 0 to 1; others do as their beginning decided (default: 0.1)').env('OTEL_TRACES_SAMPLER_ARG'))
    .addOption(new Option('--slow-ms <ms>', 'log operations that take longer, by name and hash; 0 logs none (default: 1000)').env('AISLE_SLOW_MS'))
}

/** @throws AisleError CONFIG_INVALID */
export function readSight(options: unknown): SightConfig {
  return decodeConfig(sightConfig, options)
}

/** The tracing that is asked for. What it needs is loaded only then. */
export async function createTracing({ traceEndpoint, traceRatio }: SightConfig, role: string, log: Logger): Promise<Tracing> {
  if (traceEndpoint === undefined) return noTracing
  const { openTracing } = await import('./tracing/otlp.ts')
  return openTracing({ endpoint: traceEndpoint, ratio: traceRatio, role, log })
}
