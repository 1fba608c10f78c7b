import { StringDecoder } from 'node:string_decoder'
import type { Readable } from 'node:stream'
import { AisleError } from '../../runtime/errors.ts'
import type { LogSource, Snapshot, SnapshotHeader, SnapshotRows } from '../../subgraphs/log/source.ts'
import { chainScope, storeScope } from '../../subgraphs/storage/entities.ts'
import { linesType, mostWaitMs } from '../protocol.ts'
import { discard, HttpOrigin, linkFailure, parse, type HttpOriginOptions, type JsonRequest } from './http-origin.ts'
import { checkDigests, checkHeader, checkPage, checkRangeRows, checkRows } from './http-checks.ts'
import { asDigests, asEnd, asHeader, asPage, asRangeRows, asRows } from './http-shapes.ts'

/** How much longer than another an answer may take that reads whole tables, or waits for its turn to, in milliseconds. */
const readingMs = 60_000

/** Longest line of a snapshot, in characters. */
const longestLine = 64 * 1024 * 1024

/** The log of one store and of the chain, as origin serves it. */
export interface HttpLogSource extends LogSource, AsyncDisposable {}

/** Follows origin over HTTP; `scopes` are always those of its store. */
export function createHttpLogSource(options: HttpOriginOptions): HttpLogSource {
  const origin = new HttpOrigin(options)
  const source = logSourceOf(origin)
  return { ...source, [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose]() }
}

/** The same over connections that are shared with the way up. */
export function logSourceOf(origin: HttpOrigin): LogSource {
  const requireScopes = (scopes: readonly string[]): void => {
    const own = [chainScope, storeScope(origin.storeId)]
    if (scopes.length === own.length && own.every((scope) => scopes.includes(scope))) return
    throw new AisleError('OUT_OF_SCOPE', `Origin serves the scopes ${own.join(' and ')} to this node, not ${scopes.join(', ')}.`)
  }
  return {
    async snapshot(scopes, { entities, signal } = {}) {
      requireScopes(scopes)
      const body = await origin.open({
        method: 'GET',
        path: 'snapshot',
        query: { entities: entities?.join(',') },
        expect: linesType,
        ...(signal === undefined ? {} : { signal }),
      })
      return readSnapshot(origin.pieces(body), body, scopes)
    },
    async changes(scopes, after, { limit, waitMs = 0, signal } = {}) {
      requireScopes(scopes)
      const { epoch, batch, stamp, within } = after
      const wait = Math.min(waitMs, mostWaitMs)
      const request: JsonRequest = {
        method: 'GET',
        path: 'changes',
        query: { epoch, after: batch, stamp, scope: within?.scope, position: within?.position, inside: within?.batch, insideStamp: within?.stamp, limit, wait },
        patienceMs: wait,
        ...(signal === undefined ? {} : { signal }),
      }
      return origin.json(request, (answer) => checkPage(asPage(answer), scopes, after))
    },
    ranges: {
      async digests(scopes, { entity, columns, signal }) {
        requireScopes(scopes)
        const body = JSON.stringify({ entity, columns })
        return origin.json({ method: 'POST', path: 'digests', body, patienceMs: readingMs, ...(signal === undefined ? {} : { signal }) }, (answer) => checkDigests(asDigests(answer)))
      },
      async rows(scopes, { entity, range, limit, signal }) {
        requireScopes(scopes)
        const body = JSON.stringify({ entity, ...range, limit })
        const request: JsonRequest = { method: 'POST', path: 'rows', body, patienceMs: readingMs, ...(signal === undefined ? {} : { signal }) }
        return origin.json(request, (answer) => checkRangeRows(asRangeRows(answer), scopes, { entity, range, limit }))
      },
    },
  }
}

async function readSnapshot(pieces: AsyncIterable<Buffer>, body: Readable, scopes: readonly string[]): Promise<Snapshot> {
  const lines = readLines(pieces, body)
  const first = await lines.next()
  if (first.done === true) throw new AisleError('PROTOCOL_VIOLATION', 'Origin\'s snapshot is empty.')
  const header = checkHeader(asHeader(first.value))
  return { header, chunks: readRows(lines, header, scopes) }
}

/** A copy counts as whole only when its last line says how many rows there were, and they were as many. */
async function* readRows(lines: AsyncGenerator, header: SnapshotHeader, scopes: readonly string[]): AsyncGenerator<SnapshotRows> {
  let rows = 0
  for await (const line of lines) {
    const end = asEnd(line)
    if (end !== null) {
      if (end.rows === rows && rows === header.rows) return
      throw new AisleError('PROTOCOL_VIOLATION', `Origin's snapshot has ${rows} rows and not the ${header.rows} it was to have.`)
    }
    const chunk = checkRows(asRows(line), scopes)
    rows += chunk.rows.length
    yield chunk
  }
  throw new AisleError('ORIGIN_UNREACHABLE', `The snapshot broke off after ${rows} of ${header.rows} rows.`)
}

async function* readLines(pieces: AsyncIterable<Buffer>, body: Readable): AsyncGenerator {
  const decoder = new StringDecoder('utf8')
  let pending: string[] = []
  let length = 0
  try {
    for await (const bytes of pieces) {
      const split = decoder.write(bytes).split('\n')
      for (const [at, piece] of split.entries()) {
        pending.push(piece)
        length += piece.length
        if (length > longestLine) throw new AisleError('PROTOCOL_VIOLATION', `A line of origin's snapshot is longer than ${longestLine} characters.`)
        if (at === split.length - 1) break
        const line = pending.join('')
        pending = []
        length = 0
        yield parse(line)
      }
    }
  } catch (error) {
    throw linkFailure(error)
  } finally {
    discard(body)
  }
}
