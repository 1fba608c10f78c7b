import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { Pool } from 'undici'

/** What it makes of one request: the fetches to send, wave by wave, and the answer to write. */
export interface ProxyScript {
  readonly waves: readonly (readonly { readonly url: string; readonly body: string }[])[]
  readonly answer: unknown
}

/**
 * A gateway that knows beforehand what it will be asked: it makes the same fetches in the same order, parses what comes back, and writes
 * the same answer from objects. What is left out is everything that makes it a gateway. PORT, SCRIPTS (a file: scripts by request body).
 */
if (import.meta.main) {
  const scripts = new Map(Object.entries(JSON.parse(readFileSync(process.env.SCRIPTS ?? '', 'utf8')) as Record<string, ProxyScript>))
  const pools = new Map<string, Pool>()
  const places = new Map<string, { readonly pool: Pool; readonly path: string }>()
  for (const url of [...scripts.values()].flatMap(({ waves }) => waves.flat()).map((fetch) => fetch.url)) {
    const { origin, pathname } = new URL(url)
    const pool = pools.get(origin) ?? new Pool(origin, { connections: 64, pipelining: 1 })
    pools.set(origin, pool)
    places.set(url, { pool, path: pathname })
  }
  const headers = { 'content-type': 'application/json' }
  const run = async ({ waves, answer }: ProxyScript): Promise<string> => {
    for (const wave of waves) {
      await Promise.all(
        wave.map(async ({ url, body }) => {
          const place = places.get(url)
          const response = await place?.pool.request({ path: place.path, method: 'POST', headers, body })
          JSON.parse((await response?.body.text()) ?? '')
        }),
      )
    }
    return JSON.stringify(answer)
  }
  const answer = async (body: string, reply: ServerResponse): Promise<void> => {
    const script = scripts.get(body)
    const text = script === undefined ? '{"data":{"__typename":"Query"}}' : await run(script)
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    reply.end(text)
  }
  createServer((request, reply) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => void answer(Buffer.concat(chunks).toString('utf8'), reply))
  }).listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
}
