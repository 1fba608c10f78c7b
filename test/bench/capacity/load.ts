import { Agent, request } from 'node:http'

/** What came of asking for a while. Times in milliseconds. */
export interface Load {
  readonly requests: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

export interface LoadOptions {
  /** Each sends its next request when it has the answer to the last. */
  readonly connections: number
  readonly forMs: number
  /** The number of the first request. */
  readonly from: number
}

/** Asks on so many connections at once, for a while. @throws Error at an answer that is none, or has errors */
export async function load(url: string, body: (nth: number) => string, { connections, forMs, from }: LoadOptions): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  let nth = from
  const began = performance.now()
  await Promise.all(Array.from({ length: connections }, async () => {
    while (performance.now() < began + forMs) {
      const start = performance.now()
      await ask(`${url}/graphql`, agent, body(nth++))
      times.push(performance.now() - start)
    }
  }))
  const seconds = (performance.now() - began) / 1_000
  agent.destroy()
  const sorted = times.toSorted((one, other) => one - other)
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Infinity
  return { requests: times.length, perSecond: times.length / seconds, p50: at(0.5), p99: at(0.99) }
}

function ask(url: string, agent: Agent, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200 && !text.includes('"errors":')) resolve()
        else reject(new Error(`${response.statusCode} ${text.slice(0, 300)}`))
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
