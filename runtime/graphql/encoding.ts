import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants, deflate, gunzip, gzip, inflate } from 'node:zlib'

/** Best first. */
export const encodings = ['br', 'gzip', 'deflate'] as const
export type Encoding = (typeof encodings)[number]

const toGzip = promisify(gzip)
const toDeflate = promisify(deflate)
const toBrotli = promisify(brotliCompress)
const unpackers = { br: promisify(brotliDecompress), gzip: promisify(gunzip), deflate: promisify(inflate) }

/** Brotli at this quality is as fast as gzip at its default and smaller. */
const quickQuality = 4
const gzipLevel = 6

/** The encoding that a client likes best, the best of those that it likes alike; null when it wants the body as it is. */
export function chooseEncoding(accepted: string | undefined): Encoding | null {
  if (accepted === undefined || accepted === '') return null
  const qualities = new Map(accepted.split(',').map((part) => readPart(part)))
  let chosen: Encoding | null = null
  let best = 0
  for (const encoding of encodings) {
    const quality = qualities.get(encoding) ?? qualities.get('*') ?? 0
    if (quality > best) [chosen, best] = [encoding, quality]
  }
  return chosen
}

function readPart(part: string): [name: string, quality: number] {
  const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  return [name, Number(quality?.slice(2) ?? 1) || 0]
}

/** Compresses off the event loop. @param thorough takes much longer for a smaller result: for what is kept */
export async function compress(body: string | Buffer, encoding: Encoding, thorough = false): Promise<Buffer> {
  if (encoding === 'gzip') return toGzip(body, { level: thorough ? constants.Z_BEST_COMPRESSION : gzipLevel })
  if (encoding === 'deflate') return toDeflate(body, { level: thorough ? constants.Z_BEST_COMPRESSION : gzipLevel })
  const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  return toBrotli(body, {
    params: { [constants.BROTLI_PARAM_QUALITY]: thorough ? 9 : quickQuality, [constants.BROTLI_PARAM_SIZE_HINT]: size },
  })
}

/** What a `content-encoding` names; null for several at once, and for what is not known here. */
export function readEncoding(name: string): Encoding | null {
  const bare = name.trim().toLowerCase()
  return bare === 'x-gzip' ? 'gzip' : (encodings.find((encoding) => encoding === bare) ?? null)
}

/**
 * Unpacks off the event loop, and no further than to `limit` bytes: a few could become gigabytes.
 * @throws what zlib throws: ERR_BUFFER_TOO_LARGE over the limit, others for what is not packed so
 */
export function unpack(body: Buffer, encoding: Encoding, limit: number): Promise<Buffer> {
  return unpackers[encoding](body, { maxOutputLength: limit })
}
