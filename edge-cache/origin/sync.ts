import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { AisleError } from '../../runtime/errors.ts'
import type { Gate } from '../../runtime/gate.ts'
import type { Logger } from '../../runtime/log.ts'
import { stamped } from '../../subgraphs/log/read-changes.ts'
import type { RangeSource } from '../../subgraphs/log/ranges.ts'
import type { LogSource, Snapshot } from '../../subgraphs/log/source.ts'
import { chainScope, entities, storeScope, type EntityName } from '../../subgraphs/storage/entities.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { delivery, digestsQuestion, mostDeliveryBytes, mostWaitMs, protocolHeader, protocolVersion, rowsQuestion, type SnapshotEnd } from '../protocol.ts'
import { sendJson, sendLines } from './answer.ts'
import { enrolRequest } from '../enrolment.ts'
import type { NodeDirectory } from './nodes.ts'
import type { StoreLag } from './lag.ts'
import { takeOperations } from './operations.ts'
import { sendRefusal } from './refusal.ts'
import { StoreDirectory } from './stores.ts'

export interface SyncServices {
  readonly storage: PostgresStorage
  readonly source: LogSource
  /** Lets in who brings writes. */
  readonly deliveries: Gate
  readonly nodes: NodeDirectory
  /** Answers enrolled nodes only. */
  readonly requireEnrolment: boolean
  /** Most milliseconds that one statement of a delivered write may take. */
  readonly statementTimeoutMs: number
  readonly lag: StoreLag
  readonly log: Logger
}

const changesQuery = z.object({
  epoch: z.string().min(1),
  after: z.coerce.number().int().min(0),
  stamp: z.string().optional(),
  scope: z.string().optional(),
  position: z.coerce.number().int().min(0).optional(),
  inside: z.coerce.number().int().positive().optional(),
  insideStamp: z.string().optional(),
  limit: z.coerce.number().int().positive().default(1_000),
  wait: z.coerce.number().int().min(0).default(0),
})

const snapshotQuery = z.object({ entities: z.string().optional() })

/** Largest request to be enrolled, in bytes. */
const mostEnrolBytes = 16 * 1024

const place = z.object({ storeId: z.string().min(1) })

/** The protocol's paths under `/sync`; see `PROTOCOL.md`. Disposing it answers who waits, so that the server can close. */
export function registerSync(app: FastifyInstance, { storage, source, deliveries, nodes, requireEnrolment, statementTimeoutMs, lag, log }: SyncServices): Disposable {
  const stores = new StoreDirectory(storage)
  const open = new Set<AbortController>()
  let stopping = false

  /** @throws AisleError NODE_UNKNOWN, NODE_REVOKED, OUT_OF_SCOPE, STORE_UNKNOWN */
  const admit = async ({ headers: { authorization } }: FastifyRequest, storeId: string): Promise<void> => {
    if (requireEnrolment || authorization !== undefined) await nodes.require(authorization, storeId)
    await stores.require(storeId)
  }

  /** Aborts when the caller is gone or this process stops. */
  const track = (reply: FastifyReply): AbortSignal => {
    if (stopping) throw new AisleError('SHUTTING_DOWN')
    const controller = new AbortController()
    open.add(controller)
    reply.raw.once('close', () => {
      open.delete(controller)
      // Who has the whole answer waits for nothing more.
      if (!reply.raw.writableFinished) controller.abort()
    })
    return controller.signal
  }

  const rangesFor = async (request: FastifyRequest, storeId: string): Promise<RangeSource> => {
    await admit(request, storeId)
    if (source.ranges === undefined) throw new AisleError('BAD_REQUEST', 'This origin has no ranges.')
    return source.ranges
  }

  void app.register(async (sync) => {
    sync.addHook('onRequest', async (request, reply) => {
      reply.headers({ [protocolHeader]: protocolVersion, 'cache-control': 'no-store' })
      const version = request.headers[protocolHeader]
      if (version === protocolVersion) return
      throw new AisleError('PROTOCOL_UNSUPPORTED', `This origin speaks version ${protocolVersion}, the request ${version === undefined ? 'names none' : `asks for ${String(version).slice(0, 20)}`}.`, {
        details: { supported: [protocolVersion] },
      })
    })
    sync.addHook('onSend', async (_request, reply) => {
      // Who keeps the connection would keep this process from ending.
      if (stopping) reply.header('connection', 'close')
    })
    sync.setErrorHandler((error, _request, reply) => sendRefusal(reply, isAbort(error) ? new AisleError('SHUTTING_DOWN') : error, log))
    sync.setNotFoundHandler((_request, reply) => sendRefusal(reply, new AisleError('BAD_REQUEST', 'Nothing of the protocol is at this path.'), log))

    sync.get('/stores/:storeId/snapshot', async (request, reply) => {
      const { storeId } = decode(place, request.params)
      const { entities: wanted } = decode(snapshotQuery, request.query)
      await admit(request, storeId)
      const signal = track(reply)
      const snapshot = await source.snapshot(scopesOf(storeId), { signal, ...(wanted === undefined ? {} : { entities: knownEntities(wanted) }) })
      return sendLines(request, reply, snapshotLines(snapshot))
    })

    sync.get('/stores/:storeId/changes', async (request, reply) => {
      const { storeId } = decode(place, request.params)
      const { epoch, after, stamp, scope, position, inside, insideStamp, limit, wait } = decode(changesQuery, request.query)
      await admit(request, storeId)
      const signal = track(reply)
      const within = scope === undefined || position === undefined ? {} : { within: { scope, position, ...(inside === undefined ? {} : { batch: inside }), ...stamped(insideStamp) } }
      reply.raw.once('close', lag.asked(storeId, after))
      const page = await source.changes(scopesOf(storeId), { epoch, batch: after, ...stamped(stamp), ...within }, { limit, waitMs: Math.min(wait, mostWaitMs), signal })
      return sendJson(request, reply, page)
    })

    sync.post('/stores/:storeId/digests', async (request, reply) => {
      const { storeId } = decode(place, request.params)
      const { entity, columns } = decode(digestsQuestion, request.body)
      const ranges = await rangesFor(request, storeId)
      const signal = track(reply)
      const [name] = knownEntities(entity)
      // What only a newer node knows has no rows here.
      if (name === undefined) throw new AisleError('BAD_REQUEST', `This origin knows no entity ${entity}.`)
      return sendJson(request, reply, await ranges.digests(scopesOf(storeId), { entity: name, columns, signal }))
    })

    sync.post('/stores/:storeId/rows', async (request, reply) => {
      const { storeId } = decode(place, request.params)
      const { entity, after, through, limit } = decode(rowsQuestion, request.body)
      const ranges = await rangesFor(request, storeId)
      const signal = track(reply)
      const [name] = knownEntities(entity)
      if (name === undefined) throw new AisleError('BAD_REQUEST', `This origin knows no entity ${entity}.`)
      return sendJson(request, reply, await ranges.rows(scopesOf(storeId), { entity: name, columns: [], range: { after, through }, limit, signal }))
    })

    sync.post('/stores/:storeId/operations', { bodyLimit: mostDeliveryBytes }, async (request, reply) => {
      const { storeId } = decode(place, request.params)
      const { operations } = decode(delivery, request.body)
      await admit(request, storeId)
      const signal = track(reply)
      return sendJson(request, reply, { outcomes: await deliveries.run(() => takeOperations(storage, storeId, operations, { log, statementTimeoutMs }), signal, storeId) })
    })

    sync.post('/enrol', { bodyLimit: mostEnrolBytes }, async (request, reply) => sendJson(request, reply, await nodes.enrol(decode(enrolRequest, request.body))))
  }, { prefix: '/sync' })

  return {
    [Symbol.dispose]() {
      stopping = true
      for (const controller of open) controller.abort()
    },
  }
}

function scopesOf(storeId: string): string[] {
  return [chainScope, storeScope(storeId)]
}

/** What only a newer node knows is not here, and so has no rows. */
function knownEntities(wanted: string): EntityName[] {
  return wanted.split(',').filter((name): name is EntityName => Object.hasOwn(entities, name))
}

async function* snapshotLines({ header, chunks }: Snapshot): AsyncGenerator {
  yield header
  let rows = 0
  for await (const chunk of chunks) {
    yield chunk
    rows += chunk.rows.length
  }
  yield { end: { rows } } satisfies SnapshotEnd
}

function decode<Shape extends z.ZodType>(shape: Shape, value: unknown): z.output<Shape> {
  const result = shape.safeParse(value)
  if (result.success) return result.data
  throw new AisleError('BAD_REQUEST', `The request is not one of the protocol: ${z.prettifyError(result.error).slice(0, 500)}`)
}

/** The wait was broken off: this process stops, or the caller is gone and nobody reads the answer. */
function isAbort(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError'
}
