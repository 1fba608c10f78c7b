import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { AisleError } from '../errors.ts'

/** Leaves bodies as text, whatever they say they are, so that one place decides what a malformed request is. */
export function readBodiesAsText(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, bodyText(body as Buffer)))
}

/** A body as text; bytes that are no UTF-8 are no JSON either (RFC 8259, 8.1), and come out as a text that is none. */
export function bodyText(body: Buffer): string {
  return isUtf8(body) ? body.toString() : ''
}

/** What Fastify found wrong with a body, as a fault of the table; anything else as it is. */
export function bodyFault(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new AisleError('PAYLOAD_TOO_LARGE', undefined, { cause: error })
  return typeof code === 'string' && (code.startsWith('FST_ERR_CTP') || code === 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE') ? new AisleError('BAD_REQUEST', undefined, { cause: error }) : error
}
