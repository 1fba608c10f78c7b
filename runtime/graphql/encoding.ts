import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

export type Encoding = 'br' | 'gzip'

const toGzip = promisify(gzip)
const toBrotli = promisify(brotliCompress)

/** Brotli at this quality is as fast as gzip at its default and smaller. */
const quickQuality = 4
const gzipLevel = 6

/** The encoding that a client likes best, br where it likes both alike; null when it wants the body as it is. */
export function chooseEncoding(accepted: string | undefined): Encoding | null {
  if (accepted === undefined || accepted === '') return null
  const qualities = new Map(accepted.split(',').map((part) => readPart(part)))
  const quality = (name: string): number => qualities.get(name) ?? qualities.get('*') ?? 0
  const [br, gz] = [quality('br'), quality('gzip')]
  if (br === 0 && gz === 0) return null
  return br >= gz ? 'br' : 'gzip'
}

function readPart(part: string): [name: string, quality: number] {
  const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  return [name, Number(quality?.slice(2) ?? 1) || 0]
}

/** Compresses off the event loop. @param thorough takes much longer for a smaller result: for what is kept */
export async function compress(body: string | Buffer, encoding: Encoding, thorough = false): Promise<Buffer> {
  if (encoding === 'gzip') return toGzip(body, { level: thorough ? constants.Z_BEST_COMPRESSION : gzipLevel })
  const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  return toBrotli(body, {
    params: { [constants.BROTLI_PARAM_QUALITY]: thorough ? 9 : quickQuality, [constants.BROTLI_PARAM_SIZE_HINT]: size },
  })
}
