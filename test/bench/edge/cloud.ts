import { setTimeout as sleep } from 'node:timers/promises'
import fastify from 'fastify'
import { sendJson, sendLines } from '../../../edge-cache/origin/answer.ts'
import { sendRefusal } from '../../../edge-cache/origin/refusal.ts'
import { protocolHeader, protocolVersion, type ChangesAnswer, type SnapshotEnd } from '../../../edge-cache/protocol.ts'
import { AisleError } from '../../../runtime/errors.ts'
import { createLogger } from '../../../runtime/log.ts'
import { listen } from '../../../runtime/server.ts'
import { chainScope, storeScope } from '../../../subgraphs/storage/entities.ts'
import { largeCatalogue } from './catalogue.ts'

/** A process that serves a large store's first copy as origin does, and then has no news. Told over IPC where it is asked. */
const { chunks, storeId } = largeCatalogue(Number(process.argv[2]))
const position = { epoch: 'bench', batch: 1 }
const head = () => ({ ...position, at: Date.now(), now: Date.now() })

const app = fastify()
app.addHook('onRequest', async (_request, reply) => void reply.header(protocolHeader, protocolVersion))
app.get(`/sync/stores/${storeId}/snapshot`, async (request, reply) => sendLines(request, reply, lines()))
app.get<{ Querystring: { wait?: string } }>(`/sync/stores/${storeId}/changes`, async (request, reply) => {
  await sleep(Number(request.query.wait ?? 0))
  return sendJson(request, reply, { parts: [], next: position, head: head() } satisfies ChangesAnswer)
})

// As an origin answers that has no ranges: the copy then comes as a snapshot.
app.setNotFoundHandler((_request, reply) => sendRefusal(reply, new AisleError('BAD_REQUEST', 'Nothing of the protocol is at this path.'), createLogger('bench', 'silent')))

let total = 0
for (const { rows } of chunks()) total += rows.length

async function* lines(): AsyncGenerator {
  const positions = { [chainScope]: 1, [storeScope(storeId)]: 1 }
  yield { head: head(), consistentFrom: 1, positions, rows: total }
  yield* chunks()
  yield { end: { rows: total } } satisfies SnapshotEnd
}

await app.ready()
const port = await listen(app.server, 0, '127.0.0.1')
process.on('disconnect', () => process.exit(0))
process.send?.({ url: `http://127.0.0.1:${port}` })
