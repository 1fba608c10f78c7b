import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AisleError } from '../errors.ts'
import { readEncoding, unpack } from './encoding.ts'

/** Leaves bodies as text, whatever they say they are, so that one place decides what a malformed request is. */
export function readBodiesAsText(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, bodyText(body as Buffer)))
}

/** A body as text; bytes that are no UTF-8 are no JSON either (RFC 8259, 8.1), and come out as a text that is none. */
export function bodyText(body: Buffer): string {
  return isUtf8(body) ? body.toString() : ''
}

/**
 * The same, and unpacks them where they say how they are packed; those packed in an unknown way stay as they are, and go on saying so.
 * @param limit largest body once it is unpacked, in bytes
 */
export function readPackedBodiesAsText(server: FastifyInstance, limit: number): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, async ({ headers }: FastifyRequest, body: Buffer) => {
    const encoding = headers['content-encoding'] === undefined ? null : readEncoding(headers['content-encoding'])
    if (encoding === null) return bodyText(body)
    try {
      const unpacked = await unpack(body, encoding, limit)
      delete headers['content-encoding']
      return bodyText(unpacked)
    } catch (cause) {
      throw codeOf(cause) === 'ERR_BUFFER_TOO_LARGE' ? new AisleError('PAYLOAD_TOO_LARGE', undefined, { cause }) : new AisleError('BAD_REQUEST', `The request body is not packed with ${encoding}.`, { cause })
    }
  })
}

/** What Fastify found wrong with a body, as a fault of the table; anything else as it is. */
export function bodyFault(error: unknown): unknown {
  const code = codeOf(error)
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new AisleError('PAYLOAD_TOO_LARGE', undefined, { cause: error })
  return typeof code === 'string' && (code.startsWith('FST_ERR_CTP') || code === 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE') ? new AisleError('BAD_REQUEST', undefined, { cause: error }) : error
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
