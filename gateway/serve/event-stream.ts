import type { ServerResponse } from 'node:http'
import { OperationTypeNode } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { expiredReason, onExpiry } from '../../runtime/identity/expiry.ts'
import { eventStream } from '../../runtime/graphql/media.ts'
import { requestIdHeader } from '../../runtime/request.ts'
import type { ReadyOperation } from './graph.ts'
import { Liveness } from './liveness.ts'
import { Outflow } from './outflow.ts'
import type { GraphService } from './service.ts'
import { type ClientLimits, closeGraceMs } from './socket-client.ts'

/** Every stream holds one operation, so that its events need no name of it. */
const only = ''

/** Serves operations as server-sent events, one `next` a result and a `complete` at the end (GraphQL over SSE, "distinct connections mode"). */
export class EventStreams implements Disposable {
  readonly #service: GraphService
  readonly #limits: ClientLimits
  readonly #open = new Set<AbortController>()

  constructor(service: GraphService, limits: ClientLimits) {
    this.#service = service
    this.#limits = limits
  }

  /** @param abort aborted when the client has left, and by this to end the operation for a reason */
  async answer(stream: ServerResponse, operation: ReadyOperation, from: Parameters<GraphService['scope']>[0], abort: AbortController): Promise<void> {
    stream.writeHead(200, { 'content-type': `${eventStream}; charset=utf-8`, 'cache-control': 'no-cache', 'x-accel-buffering': 'no', connection: 'close', [requestIdHeader]: from.headers[requestIdHeader] })
    stream.flushHeaders()
    this.#open.add(abort)
    const outflow = new Outflow({ unsent: () => stream.writableLength, write: (message, onTaken) => stream.write(message, onTaken) }, this.#limits, () => abort.abort(new AisleError('CLIENT_TOO_SLOW')))
    using _expiry = onExpiry(from.who, () => this.#service.identity.clockToleranceSeconds, () => abort.abort(new AisleError('UNAUTHENTICATED', expiredReason, { details: { reason: 'expired' } })))
    using _liveness = keepAlive(stream, outflow, this.#limits.pingMs)
    try {
      await this.#run(operation, this.#service.scope(from, abort.signal), outflow)
      // A stream that is ended for a reason says so; a client that has left hears nothing.
      if (AisleError.is(abort.signal.reason)) throw abort.signal.reason
    } catch (error) {
      if (!stream.destroyed) outflow.send(next(this.#service.failed(error).text))
    } finally {
      this.#open.delete(abort)
      outflow.close()
    }
    stream.end('event: complete\ndata:\n\n')
    const timer = setTimeout(() => stream.destroy(), closeGraceMs).unref()
    stream.once('close', () => clearTimeout(timer))
  }

  async #run(operation: ReadyOperation, scope: ReturnType<GraphService['scope']>, outflow: Outflow): Promise<void> {
    if (operation.kind === OperationTypeNode.SUBSCRIPTION) {
      await this.#service.subscribe(operation, scope, ({ text }) => outflow.event(only, next(text)))
      outflow.flush(only)
    } else {
      await outflow.answer(next((await this.#service.execute(operation, scope)).text))
    }
  }

  /** Ends every stream with the reason that the process stops. */
  [Symbol.dispose](): void {
    for (const abort of this.#open) abort.abort(new AisleError('SHUTTING_DOWN'))
  }
}

function next(text: string): string {
  return `event: next\ndata: ${text}\n\n`
}

/** A comment now and then shows proxies and clients that the stream is alive; a client that takes nothing of what waits is not. */
function keepAlive(stream: ServerResponse, outflow: Outflow, intervalMs: number): Liveness {
  const call = (): void => {
    if (outflow.unsent > 0) return
    outflow.send(':\n\n')
    liveness.onSign()
  }
  const liveness = new Liveness(outflow, intervalMs, { call, cut: () => stream.destroy() })
  return liveness
}
