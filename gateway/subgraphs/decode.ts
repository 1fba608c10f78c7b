import { AisleError } from '../../runtime/errors.ts'
import { readEncoding, unpack } from '../../runtime/graphql/encoding.ts'

/** What subgraphs are offered to send their answers in; not deflate, by which servers mean two things. */
export const acceptedEncodings = 'gzip, br'

/**
 * Undoes the content encoding of an answer.
 * @param limit largest result, in bytes
 * @throws AisleError SUBGRAPH_BAD_RESPONSE
 */
export async function decode(body: Buffer, name: string, limit: number): Promise<Buffer> {
  if (name === 'identity') return body
  const encoding = readEncoding(name)
  if (encoding === null) throw new AisleError('SUBGRAPH_BAD_RESPONSE', 'A service behind the gateway answered in an encoding that it was not offered.')
  try {
    return await unpack(body, encoding, limit)
  } catch (cause) {
    throw new AisleError('SUBGRAPH_BAD_RESPONSE', `A service behind the gateway sent a body that cannot be unpacked within ${limit} bytes.`, { cause })
  }
}
