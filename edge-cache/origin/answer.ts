import { pipeline, Readable } from 'node:stream'
import { promisify } from 'node:util'
import { constants, createBrotliCompress, createGzip, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { jsonType, linesType } from '../protocol.ts'

const gzipText = promisify(gzip)

/** Below this many characters, packing costs more than it saves. */
const worthPacking = 1_024

/** Answers with JSON, packed where the caller takes it and it is worth it. */
export async function sendJson(request: FastifyRequest, reply: FastifyReply, value: unknown): Promise<FastifyReply> {
  const text = JSON.stringify(value)
  reply.type(jsonType)
  if (text.length < worthPacking || !accepts(request, 'gzip')) return reply.send(text)
  return reply.header('content-encoding', 'gzip').send(await gzipText(text, { level: 3 }))
}

/** Answers with one JSON value a line as they come; breaks the connection off when `values` fails, so that nobody takes a part for the whole. */
export function sendLines(request: FastifyRequest, reply: FastifyReply, values: AsyncIterable<unknown>): FastifyReply {
  reply.type(linesType)
  const lines = Readable.from(toLines(values), { objectMode: false })
  const packer = choosePacker(request)
  if (packer === null) return reply.send(lines)
  // Whoever ends first, the other is ended too; the failure itself shows at the packed end.
  pipeline(lines, packer.stream, () => {})
  return reply.header('content-encoding', packer.encoding).send(packer.stream)
}

function choosePacker(request: FastifyRequest) {
  if (accepts(request, 'br')) return { encoding: 'br', stream: createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }) }
  if (accepts(request, 'gzip')) return { encoding: 'gzip', stream: createGzip({ level: 4 }) }
  return null
}

function accepts(request: FastifyRequest, encoding: string): boolean {
  const header = request.headers['accept-encoding'] ?? ''
  return header.split(',').some((part) => {
    const [name, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0+)?$/.test(parameter))
  })
}

async function* toLines(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`
}
