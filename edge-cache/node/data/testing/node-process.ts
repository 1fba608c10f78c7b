import { createLogger } from '../../../../runtime/log.ts'
import { Registry } from '../../../../runtime/metrics.ts'
import type { LogSource } from '../../../../subgraphs/log/source.ts'
import { deliveryOf } from '../../http-delivery.ts'
import { HttpOrigin } from '../../http-origin.ts'
import { logSourceOf } from '../../http-source.ts'
import type { DeliveryClient } from '../delivery/client.ts'
import { openNodeData } from '../index.ts'

/** Where the process kills itself, as a power cut would: nothing of it runs on. */
export type CrashPoint = 'never' | 'copying' | 'recorded' | 'received' | 'applied'

export type NodeRequest =
  | { readonly id: number; readonly type: 'write'; readonly operationId: string; readonly productId: string; readonly quantity: number }
  | { readonly id: number; readonly type: 'look'; readonly productId: string }

/** A store's data in a process of its own, to be killed; it does what its parent asks over IPC. */
const [directory = '', url = '', storeId = '', crashAt = 'never'] = process.argv.slice(2)

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

async function* dieAfterFirst<Chunk>(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    yield chunk
    die()
  }
}

const origin = new HttpOrigin({ origin: url, storeId, timeoutMs: 2_000 })
const http = logSourceOf(origin)
let outcomeApplied = false
const source: LogSource = {
  async snapshot(scopes, options) {
    const { header, chunks } = await http.snapshot(scopes, options)
    return { header, chunks: crashAt === 'copying' ? dieAfterFirst(chunks) : chunks }
  },
  async changes(scopes, after, request) {
    if (outcomeApplied && crashAt === 'applied') die()
    const page = await http.changes(scopes, after, request)
    const bringsOutcome = page.parts.some(({ changes }) => changes.some(({ entity }) => entity === 'edge_operation'))
    if (bringsOutcome && crashAt === 'received') die()
    outcomeApplied ||= bringsOutcome
    return page
  },
}
const client = deliveryOf(origin)
const delivery: DeliveryClient = {
  async deliver(operations, signal) {
    const results = await client.deliver(operations, signal)
    if (crashAt === 'recorded') die()
    return results
  },
}

const data = await openNodeData({
  storeId,
  directory,
  origin: { source, delivery },
  extensions: [],
  log: createLogger('edge', 'silent'),
  metrics: new Registry(),
  waitMs: 200,
  mostPauseMs: 300,
})

async function answer(request: NodeRequest): Promise<unknown> {
  if (request.type === 'write') {
    const { operationId, productId, quantity } = request
    return data.inventory.recordMovement(
      { operationId, storeId, productId, kind: quantity < 0 ? 'SALE' : 'RECEIPT', quantity, occurredAt: null },
      { principal: 'till', now: Date.now() },
    )
  }
  const status = data.status()
  if (status.position === null) return { status, onHand: null }
  using session = await data.read()
  const row = await session.storage.db.selectFrom('stock').select('on_hand').where('product_id', '=', request.productId).executeTakeFirst()
  return { status, onHand: row?.on_hand ?? null }
}

process.on('message', (request: NodeRequest) => {
  answer(request).then(
    (result) => process.send?.({ id: request.id, result }),
    (error: unknown) => process.send?.({ id: request.id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ id: 0, result: 'open' })
