import { z } from 'zod'
import { delivery, digestsQuestion, jsonType, linesType, mostWaitMs, protocolHeader, protocolVersion, rowsQuestion } from '../../../edge-cache/protocol.ts'
import { AisleError } from '../../../runtime/errors.ts'
import type { EntityDigests, RangeRows } from '../../../subgraphs/log/ranges.ts'
import { stamped } from '../../../subgraphs/log/read-changes.ts'
import type { ChangesPage, LogCursor } from '../../../subgraphs/log/source.ts'
import { chainScope, entities, storeScope, type EntityName } from '../../../subgraphs/storage/entities.ts'
import type { Count } from '../tally.ts'
import type { VirtualTime } from '../time.ts'
import type { ModelCloud } from './cloud.ts'
import { takeDelivery } from './intake.ts'
import { digestsOf, rowsOf } from './ranges.ts'

/** An answer as it leaves: its body in the pieces in which it is sent. */
export interface OriginAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly pieces: readonly string[]
}

export interface OriginQuestion {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

const query = z.object({
  epoch: z.string().min(1),
  after: z.coerce.number().int().min(0),
  stamp: z.string().optional(),
  scope: z.string().optional(),
  position: z.coerce.number().int().min(0).optional(),
  inside: z.coerce.number().int().min(0).optional(),
  insideStamp: z.string().optional(),
  limit: z.coerce.number().int().positive().default(1_000),
  wait: z.coerce.number().int().min(0).default(0),
})

/** Origin's paths over the model cloud, on virtual time. */
export class ModelOrigin {
  /** What every request is refused with; null when it works. */
  refusal: AisleError | null = null
  /** Kinds of writes that this origin is too old to know. */
  readonly unknownKinds = new Set<string>()
  /** False while this origin is too old to compare ranges. */
  compares = true
  /** The log is compacted as soon as somebody has a part of a batch and not all of it. */
  compactsInside = false
  /** It was, and nobody has gone on since. */
  #compactedInside = false
  readonly #cloud: ModelCloud
  readonly #time: VirtualTime
  readonly #count: Count

  constructor(cloud: ModelCloud, time: VirtualTime, count: Count) {
    this.#cloud = cloud
    this.#time = time
    this.#count = count
  }

  async answer(question: OriginQuestion): Promise<OriginAnswer> {
    try {
      if (this.refusal !== null) throw this.refusal
      if (question.headers[protocolHeader] !== protocolVersion) throw new AisleError('PROTOCOL_UNSUPPORTED')
      const url = new URL(question.path, 'http://origin')
      const [, storeId = '', what = ''] = /^\/sync\/stores\/([^/]+)\/(\w+)$/.exec(url.pathname) ?? []
      this.#cloud.requireStore(decodeURIComponent(storeId))
      if (what === 'snapshot') return this.#snapshot(storeId, url.searchParams.get('entities'))
      if (what === 'changes') return json(await this.#changes(storeId, query.parse(Object.fromEntries(url.searchParams))))
      if (what === 'digests' || what === 'rows') return json(this.#ranges(storeId, what, JSON.parse(question.body ?? 'null')))
      const { operations } = delivery.parse(JSON.parse(question.body ?? 'null'))
      const { rows, commands, now } = this.#cloud
      return json({ outcomes: takeDelivery(rows, commands, storeId, operations, now, this.unknownKinds, this.#count) })
    } catch (error) {
      const fault = AisleError.is(error) ? error : new AisleError('BAD_REQUEST', String(error))
      this.#count(`origin: ${fault.code}`)
      return { ...json({ error: { code: fault.code, message: fault.message, details: fault.details } }), status: fault.status }
    }
  }

  #snapshot(storeId: string, wanted: string | null): OriginAnswer {
    const names = wanted?.split(',').filter((name): name is EntityName => Object.hasOwn(entities, name))
    this.#count('read: a whole copy')
    const { header, chunks } = this.#cloud.snapshot(scopesOf(storeId), names)
    const lines = [header, ...chunks, { end: { rows: header.rows } }]
    return { status: 200, headers: { [protocolHeader]: protocolVersion, 'content-type': linesType }, pieces: lines.map((line) => `${JSON.stringify(line)}\n`) }
  }

  #ranges(storeId: string, what: 'digests' | 'rows', question: unknown): EntityDigests | RangeRows {
    if (!this.compares) throw new AisleError('BAD_REQUEST', 'Nothing of the protocol is at this path.')
    this.#count(what === 'digests' ? 'read: digests' : 'read: rows of a range')
    if (what === 'digests') {
      const { entity, columns } = digestsQuestion.parse(question)
      return digestsOf(this.#cloud, scopesOf(storeId), { entity: entity as EntityName, columns })
    }
    const { entity, after, through, limit } = rowsQuestion.parse(question)
    return rowsOf(this.#cloud, scopesOf(storeId), entity as EntityName, { after, through }, limit)
  }

  async #changes(storeId: string, { epoch, after, stamp, scope, position, inside, insideStamp, limit, wait }: z.output<typeof query>) {
    const within = scope === undefined || position === undefined ? {} : { within: { scope, position, ...(inside === undefined ? {} : { batch: inside }), ...stamped(insideStamp) } }
    const cursor: LogCursor = { epoch, batch: after, ...stamped(stamp), ...within }
    const until = this.#time.now + Math.min(wait, mostWaitMs)
    for (;;) {
      if (this.refusal !== null) throw this.refusal
      const page = this.#cloud.changes(scopesOf(storeId), cursor, limit)
      const left = until - this.#time.now
      if (page.parts.length > 0 || left <= 0) return this.#counted(page, cursor)
      await this.#grown(left)
    }
  }

  #counted(page: ChangesPage, { within }: LogCursor): ChangesPage {
    const { log } = this.#cloud
    if (within !== undefined && this.#compactedInside) {
      this.#compactedInside = false
      this.#count('read: compacted inside of a batch')
    }
    if (page.parts.some(({ complete }) => !complete)) {
      this.#count('read: a part of a batch')
      if (this.compactsInside) this.#compactedInside = this.#cloud.compact(log.batch) > 0
      this.compactsInside = false
    }
    if (page.parts.some(({ changes }) => changes.some(({ absorbed }) => absorbed !== undefined))) this.#count('read: a compacted log')
    return page
  }

  /** Resolves when the log has grown, or after `ms` milliseconds. */
  async #grown(ms: number): Promise<void> {
    const { onBatch } = this.#cloud
    const woken = Promise.withResolvers<void>()
    const wake = (): void => woken.resolve()
    onBatch.add(wake)
    using _timer = this.#time.after(ms, wake)
    await woken.promise
    onBatch.delete(wake)
  }
}

function json(value: unknown): OriginAnswer {
  return { status: 200, headers: { [protocolHeader]: protocolVersion, 'content-type': jsonType }, pieces: [JSON.stringify(value)] }
}

function scopesOf(storeId: string): string[] {
  return [chainScope, storeScope(storeId)]
}
