import type { FastifyInstance } from 'fastify'
import { AisleError } from '../errors.ts'

/** Leaves bodies as text, whatever they say they are, so that one place decides what a malformed request is. */
export function readBodiesAsText(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
}

/** What Fastify found wrong with a body, as a fault of the table; anything else as it is. */
export function bodyFault(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new AisleError('PAYLOAD_TOO_LARGE', undefined, { cause: error })
  return typeof code === 'string' && code.startsWith('FST_ERR_CTP') ? new AisleError('BAD_REQUEST', undefined, { cause: error }) : error
}
