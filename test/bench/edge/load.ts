import { Connection } from '../gateway/load/connection.ts'
import { Latencies } from '../gateway/load/latencies.ts'

/** Asks for these paths in turn, `requests` times in all. */
export interface LoadOrder {
  readonly url: string
  /** Each is asked for once over the same connections before that, unmeasured; at least one. */
  readonly warmUp: readonly string[]
  readonly paths: readonly string[]
  readonly requests: number
  readonly connections: number
}

/** Latencies in milliseconds. */
export interface LoadResult {
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  /** Answers whose status was not 200, and requests that were not answered at all. */
  readonly failures: number
  readonly sample: string
}

/** @param warm what is done, and waited for, between warming up and measuring */
async function load({ url, warmUp, paths, requests, connections }: LoadOrder, warm: () => Promise<void>): Promise<LoadResult> {
  const { hostname, port } = new URL(url)
  const passOf = (asked: readonly string[], count: number) => ({
    texts: asked.map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\naccept: application/json\r\n\r\n`)),
    requests: count,
    sent: 0,
    answered: 0,
    /** All is answered, or a connection broke. */
    done: Promise.withResolvers<void>(),
    latencies: new Latencies(),
  })
  let pass = passOf(warmUp, warmUp.length)
  let over = false
  let failures = 0
  let sample: Buffer = Buffer.alloc(0)
  const crowd = Array.from({ length: connections }, () => {
    let askedAt = 0
    const next = (): Buffer | string | null => {
      if (pass.sent === pass.requests) return over ? null : ''
      askedAt = performance.now()
      return pass.texts[pass.sent++ % pass.texts.length] ?? null
    }
    return new Connection(hostname, Number(port), next, (status, body) => {
      pass.latencies.add(performance.now() - askedAt)
      if (status !== 200) failures += 1
      sample = body
      pass.answered += 1
      if (pass.answered === pass.requests) pass.done.resolve()
    })
  })
  const ended = crowd.map((connection) => connection.ended.then(() => pass.done.resolve()))
  await pass.done.promise
  failures += pass.requests - pass.answered
  await warm()
  pass = passOf(paths, requests)
  const began = performance.now()
  for (const connection of crowd) connection.goOn()
  await pass.done.promise
  const seconds = (performance.now() - began) / 1000
  over = true
  for (const connection of crowd) connection.goOn()
  await Promise.all(ended)
  failures += pass.requests - pass.answered
  return { seconds, p50: pass.latencies.quantile(0.5), p99: pass.latencies.quantile(0.99), failures, sample: sample.toString() }
}

let goOn = (): void => {}
process.on('message', (order: LoadOrder | 'go') => {
  if (order === 'go') return goOn()
  const warm = (): Promise<void> =>
    new Promise((resolve) => {
      goOn = resolve
      process.send?.({ warm: true })
    })
  void load(order, warm).then((result) => process.send?.({ result }))
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
