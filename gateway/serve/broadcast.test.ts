import { expect, test } from '@jest/globals'
import { EventQueue } from '../subgraphs/event-queue.ts'
import { Broadcasts } from './broadcast.ts'

interface Bench {
  readonly broadcasts: Broadcasts<number>
  /** The sources opened so far. */
  readonly sources: { readonly queue: EventQueue<number>; readonly signal: AbortSignal }[]
  /** Joins and returns what it is delivered, with its end as the last. */
  readonly join: (key: string | null, signal?: AbortSignal) => { readonly seen: unknown[]; readonly ended: Promise<void> }
  readonly counts: { joined: number; open: number }
}

function startBench(): Bench {
  const sources: Bench['sources'] = []
  const counts = { joined: 0, open: 0 }
  const broadcasts = new Broadcasts<number>({ joined: () => counts.joined++, opened: () => counts.open++, closed: () => counts.open-- })
  return {
    broadcasts,
    sources,
    counts,
    join(key, signal = new AbortController().signal) {
      const seen: unknown[] = []
      const open = (sourceSignal: AbortSignal): AsyncIterable<number> => {
        const queue = new EventQueue<number>({ capacity: 100 })
        sourceSignal.addEventListener('abort', () => queue.end())
        sources.push({ queue, signal: sourceSignal })
        return queue.drain()
      }
      const ended = broadcasts.join(key, signal, (event) => seen.push(event), open).then((end) => void seen.push(end), (error: unknown) => void seen.push(String(error)))
      return { seen, ended }
    },
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}

test('equal subscriptions share a source; who joins gets what comes from then on, and the last to leave closes it', async () => {
  const { join, sources, counts } = startBench()
  const [one, two] = [new AbortController(), new AbortController()]
  const first = join('a', one.signal)
  sources[0]?.queue.push(1)
  await until(() => first.seen.length === 1)
  const second = join('a', two.signal)
  sources[0]?.queue.push(2)
  await until(() => second.seen.length === 1)
  one.abort()
  await first.ended
  expect(sources[0]?.signal.aborted).toBe(false)
  sources[0]?.queue.push(3)
  await until(() => second.seen.length === 2)
  two.abort()
  await second.ended
  expect(sources[0]?.signal.aborted).toBe(true)
  await until(() => counts.open === 0)
  expect([first.seen, second.seen, sources.length, counts.joined]).toEqual([[1, 2, 'over'], [2, 3, 'over'], 1, 1])
})

test('who comes after the last has left is given a new source', async () => {
  const { join, sources } = startBench()
  const abort = new AbortController()
  const first = join('a', abort.signal)
  abort.abort()
  const second = join('a')
  expect(sources).toHaveLength(2)
  sources[1]?.queue.push(5)
  sources[1]?.queue.end()
  await Promise.all([first.ended, second.ended])
  expect([first.seen, second.seen]).toEqual([['over'], [5, 'over']])
})

test('what may not be shared has a source each', async () => {
  const { join, sources } = startBench()
  join('a')
  join('b')
  join(null)
  join(null)
  expect(sources).toHaveLength(4)
})

test('all of them hear how it ended', async () => {
  const { join, sources } = startBench()
  const all = [join('a'), join('a'), join('b')]
  sources[0]?.queue.end(new Error('lost'))
  sources[1]?.queue.end()
  await Promise.all(all.map(({ ended }) => ended))
  expect(all.map(({ seen }) => seen)).toEqual([['Error: lost'], ['Error: lost'], ['over']])
})

test('a retired version ends its subscriptions and takes no new ones', async () => {
  const { join, sources, broadcasts, counts } = startBench()
  const all = [join('a'), join(null)]
  broadcasts.retire()
  const late = join('a')
  await Promise.all([...all, late].map(({ ended }) => ended))
  expect([...all, late].map(({ seen }) => seen)).toEqual([['retired'], ['retired'], ['retired']])
  expect(sources.map(({ signal }) => signal.aborted)).toEqual([true, true])
  await until(() => counts.open === 0)
})

test('a thousand get every event, in order, and other work has its turn in between', async () => {
  const { join, sources } = startBench()
  const all = Array.from({ length: 1_000 }, () => join('a'))
  for (let event = 0; event < 20; event++) sources[0]?.queue.push(event)
  let turns = 0
  await until(() => ++turns > 0 && all[0]?.seen.length === 1)
  const partly = all.filter(({ seen }) => seen.length > 0).length
  sources[0]?.queue.end()
  await Promise.all(all.map(({ ended }) => ended))
  expect(partly).toBeLessThan(1_000)
  expect(new Set(all.map(({ seen }) => JSON.stringify(seen)))).toEqual(new Set([JSON.stringify([...Array.from({ length: 20 }, (_, index) => index), 'over'])]))
})
