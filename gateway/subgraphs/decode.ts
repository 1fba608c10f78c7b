import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import { AisleError } from '../../runtime/errors.ts'

/** What subgraphs may send their answers in. */
export const acceptedEncodings = 'gzip, br'

const fromGzip = promisify(gunzip)
const fromBrotli = promisify(brotliDecompress)

/**
 * Undoes the content encoding of an answer.
 * @param limit largest result, in bytes
 * @throws AisleError SUBGRAPH_BAD_RESPONSE
 */
export async function decode(body: Buffer, encoding: string, limit: number): Promise<Buffer> {
  const options = { maxOutputLength: limit }
  try {
    if (encoding === 'gzip' || encoding === 'x-gzip') return await fromGzip(body, options)
    if (encoding === 'br') return await fromBrotli(body, options)
  } catch (cause) {
    throw new AisleError('SUBGRAPH_BAD_RESPONSE', `A service behind the gateway sent a body that cannot be unpacked within ${limit} bytes.`, { cause })
  }
  if (encoding === 'identity') return body
  throw new AisleError('SUBGRAPH_BAD_RESPONSE', 'A service behind the gateway answered in an encoding that it was not offered.')
}
