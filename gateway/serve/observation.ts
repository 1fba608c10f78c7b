import { createHash } from 'node:crypto'
import { Kind, parse } from 'graphql'
import type { Manifest } from '../../runtime/graphql/persisted.ts'
import type { Logger } from '../../runtime/log.ts'
import { currentSpan } from '../../runtime/request.ts'
import type { GatewayMetrics } from './metrics.ts'

/** What is told of an operation: enough to find it, nothing that a client sent with it. */
export interface OperationFacts {
  readonly kind: string
  /** The document as it was asked for. */
  readonly document: string
  /** Coordinates of what it uses and should not. */
  readonly deprecated: readonly string[]
}

export interface ObservationOptions {
  readonly manifest: Manifest | null
  readonly metrics: GatewayMetrics
  readonly log: Logger
  /** Operations that take longer (milliseconds) are logged; 0 logs none. */
  readonly slowMs: number
}

/** Keeps account of the operations that run. Only those of the manifest are named: there are few of them, and clients can't add to them. */
export class Observation {
  readonly #names: ReadonlyMap<string, string>
  readonly #options: ObservationOptions

  constructor(options: ObservationOptions) {
    this.#options = options
    this.#names = new Map([...(options.manifest ?? [])].map(([, document]) => [document, nameOf(document)]))
  }

  /** An operation starts. */
  started({ kind, document, deprecated }: OperationFacts): void {
    const { metrics } = this.#options
    const name = this.#names.get(document) ?? ''
    for (const coordinate of deprecated) metrics.deprecated(coordinate, name)
    const span = currentSpan()
    if (span.recording) span.set({ 'graphql.operation.type': kind, ...(name === '' ? {} : { 'graphql.operation.name': name }), 'graphql.document.hash': hashOf(document) })
  }

  /** A query or mutation has ended. */
  ended({ kind, document }: OperationFacts, ms: number): void {
    const { metrics, slowMs, log } = this.#options
    const name = this.#names.get(document) ?? ''
    metrics.operation(name, kind, ms / 1000)
    if (slowMs > 0 && ms > slowMs) log.warn({ operation: name === '' ? null : name, hash: hashOf(document), type: kind, ms: Math.round(ms) }, 'a slow operation')
  }
}

function hashOf(document: string): string {
  return createHash('sha256').update(document).digest('hex')
}

function nameOf(document: string): string {
  const { definitions } = parse(document, { noLocation: true })
  return definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)?.name?.value ?? ''
}
