import { Connection } from '../gateway/load/connection.ts'
import { Latencies } from '../gateway/load/latencies.ts'

/** Asks for these paths in turn, `requests` times in all. */
export interface LoadOrder {
  readonly url: string
  readonly paths: readonly string[]
  readonly requests: number
  readonly connections: number
}

/** Latencies in milliseconds. */
export interface LoadResult {
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  /** Answers whose status was not 200, and connections that broke. */
  readonly failures: number
  readonly sample: string
}

async function load({ url, paths, requests, connections }: LoadOrder): Promise<LoadResult> {
  const { hostname, port } = new URL(url)
  const texts = paths.map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\naccept: application/json\r\n\r\n`))
  const latencies = new Latencies()
  let sent = 0
  let failures = 0
  let sample: Buffer = Buffer.alloc(0)
  const began = performance.now()
  await Promise.all(
    Array.from({ length: connections }, () => {
      let askedAt = 0
      const next = (): Buffer | null => {
        if (sent >= requests) return null
        askedAt = performance.now()
        const text = texts[sent % texts.length] ?? null
        sent += 1
        return text
      }
      return new Connection(hostname, Number(port), next, (status, body) => {
        latencies.add(performance.now() - askedAt)
        if (status !== 200) failures += 1
        sample = body
      }).ended
    }),
  )
  const seconds = (performance.now() - began) / 1000
  return { seconds, p50: latencies.quantile(0.5), p99: latencies.quantile(0.99), failures, sample: sample.toString() }
}

process.on('message', (order: LoadOrder) => void load(order).then((result) => process.send?.({ result })))
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
