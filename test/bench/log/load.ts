import pg from 'pg'
import { pause } from '../../../subgraphs/log/backoff.ts'

/** Makes stores with a few levels each. */
export async function seed(connectionString: string, stores: number, productsEach: number): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await client.query("insert into product (id, name) select 'p' || i, 'Product ' || i from generate_series(1, $1) i", [productsEach])
    await client.query("insert into store (id, name, timezone) select 's' || i, 'Store ' || i, 'Europe/London' from generate_series(1, $1) i", [stores])
    await client.query("insert into stock (store_id, product_id, on_hand, updated_at) select 's' || s, 'p' || p, 1000, 0 from generate_series(1, $1) s, generate_series(1, $2) p", [stores, productsEach])
    await client.query('analyze')
  } finally {
    await client.end()
  }
}

export interface Load extends AsyncDisposable {
  /** Changes committed so far. */
  readonly written: number
  /** Milliseconds that each statement took, from before it was sent to the word of its commit; begins anew at each call. */
  takeTimes(): number[]
}

/**
 * Writes levels at a steady rate, each in a transaction of its own, to stores drawn at random; the first store gets every 50th, for the real node. A write that comes late is made up for, so
 * that the rate holds; `updated_at` is the instant just before its statement was sent.
 */
export function startLoad(connectionString: string, { stores, productsEach, rate, writers = 8 }: { stores: number; productsEach: number; rate: number; writers?: number }): Load {
  const stop = new AbortController()
  let written = 0
  let times: number[] = []
  const write = async (nth: number): Promise<void> => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    const began = performance.now()
    try {
      for (let made = 0; !stop.signal.aborted; made += 1) {
        const due = began + ((made * writers + nth) * 1000) / rate
        const early = due - performance.now()
        if (early > 0) await pause(early, stop.signal)
        if (stop.signal.aborted) break
        const store = made % 50 === 0 ? 's1' : `s${1 + Math.floor(Math.random() * stores)}`
        const product = `p${1 + Math.floor(Math.random() * productsEach)}`
        const sentAt = performance.now()
        await client.query({ name: 'sale', text: 'update stock set on_hand = on_hand - 1, updated_at = $3 where store_id = $1 and product_id = $2', values: [store, product, Date.now()] })
        written += 1
        times.push(performance.now() - sentAt)
      }
    } finally {
      await client.end()
    }
  }
  const running = Promise.all(Array.from({ length: writers }, (_unused, nth) => write(nth)))
  running.catch(() => {})
  return {
    get written() {
      return written
    },
    takeTimes() {
      const taken = times
      times = []
      return taken.toSorted((a, b) => a - b)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}
