import { expect, test } from '@jest/globals'
import { Batches, createLoader, type LoadMany, type Loader } from './loader.ts'
import { after, Soon } from './soon.ts'

interface Key {
  readonly id: string
}

/** Answers each key by its id in capitals, an error for `bad`; notes what was read together. */
function reading(batches: Batches | undefined, now: boolean): { readonly loader: Loader<Key, string>; readonly reads: string[][] } {
  const reads: string[][] = []
  const load: LoadMany<Key, string> = (keys) => {
    reads.push(keys.map(({ id }) => id))
    if (keys.some(({ id }) => id === 'throw')) throw new TypeError('the reading failed')
    if (keys.some(({ id }) => id === 'break')) return Promise.reject(new TypeError('the database is gone'))
    const values = keys.map(({ id }) => (id === 'bad' ? new RangeError('no such thing') : id.toUpperCase()))
    return now ? Soon.of(values) : Promise.resolve(values)
  }
  return { loader: createLoader(batches, load, ({ id }) => id), reads }
}

const ways = [
  ['DataLoader', () => reading(undefined, true)],
  ['a loader that is not driven', () => reading(new Batches(), true)],
  ['a loader over a database that takes its time', () => reading(new Batches(), false)],
] as const

test.each(ways)('%s reads once a tick what is asked for in it, each key once', async (_name, make) => {
  const { loader, reads } = make()
  const ask = async (id: string, then?: string): Promise<string> => {
    const value = await loader.load({ id })
    return then === undefined ? value : `${value} ${await loader.load({ id: then })}`
  }
  expect(await Promise.all([ask('a'), ask('b', 'c'), ask('a', 'd'), ask('c')])).toEqual(['A', 'B C', 'A D', 'C'])
  expect(reads).toEqual([['a', 'b', 'c'], ['d']])
  expect(await ask('d')).toBe('D')
  expect(reads).toHaveLength(2)
})

test.each([...ways, ['a loader that is driven', () => reading(new Batches(), true)] as const])('with %s one key\'s fault is its own and stays, a failed reading is tried again', async (_name, make) => {
  const { loader, reads } = make()
  const settled = await Promise.allSettled(['a', 'bad'].map((id) => loader.load({ id })))
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  await expect(Promise.resolve(loader.load({ id: 'bad' }))).rejects.toThrow('no such thing')
  expect(reads).toHaveLength(1)
  for (const id of ['throw', 'break']) {
    for (const attempt of [1, 2]) await expect([attempt, Promise.resolve(loader.load({ id }))][1]).rejects.toThrow(TypeError)
  }
  expect(reads.slice(1)).toEqual([['throw'], ['throw'], ['break'], ['break']])
})

test('what is driven is here when the call returns, what it led to included', () => {
  const batches = new Batches()
  const [products, prices] = [reading(batches, true), reading(batches, true)]
  const found: string[] = []
  const result = batches.drive(() => {
    for (const id of ['p', 'q']) {
      products.loader.load({ id }).then((product) => prices.loader.load({ id: product }).then((price) => found.push(price)))
    }
    prices.loader.load({ id: 'x' }).then((price) => found.push(price))
    return 'done'
  })
  expect(result).toBe('done')
  expect(found.toSorted()).toEqual(['P', 'Q', 'X'])
  // What is led to before its loader's turn goes with it.
  expect([products.reads, prices.reads]).toEqual([[['p', 'q']], [['x', 'P', 'Q']]])
})

test('what a driven call leaves behind is read in its own time', async () => {
  const batches = new Batches()
  const { loader, reads } = reading(batches, true)
  const late = batches.drive(async () => {
    await Promise.resolve()
    return loader.load({ id: 'late' })
  })
  expect(reads).toEqual([])
  expect(await late).toBe('LATE')
  const left: PromiseLike<string>[] = []
  expect(() =>
    batches.drive(() => {
      left.push(loader.load({ id: 'left' }))
      throw new Error('the work failed')
    })).toThrow('the work failed')
  expect(await Promise.all(left)).toEqual(['LEFT'])
})

test('where one key can be read by itself, a driven request reads each when it is asked for, once', async () => {
  const reads: string[] = []
  const loadOne = ({ id }: Key): string | Error | Promise<string> => {
    reads.push(id)
    if (id === 'throw') throw new TypeError('the reading failed')
    if (id === 'break') return Promise.reject(new TypeError('the database is gone'))
    return id === 'bad' ? new RangeError('no such thing') : id.toUpperCase()
  }
  const never: LoadMany<Key, string> = () => Promise.reject(new Error('nothing is gathered'))
  const loader = createLoader<Key, string>(new Batches(), never, ({ id }) => id, loadOne)
  const ask = (id: string): unknown => after(loader.load({ id }), (value) => value)
  expect(['a', 'b', 'a', 'b'].map(ask)).toEqual(['A', 'B', 'A', 'B'])
  expect(reads.splice(0)).toEqual(['a', 'b'])
  for (const attempt of [1, 2]) expect([attempt, () => ask('bad')][1]).toThrow('no such thing')
  expect(reads.splice(0)).toEqual(['bad'])
  for (const id of ['throw', 'break', 'throw', 'break']) await expect(Promise.resolve(loader.load({ id }))).rejects.toThrow(TypeError)
  expect(reads.splice(0)).toEqual(['throw', 'break', 'throw', 'break'])
  expect([await loader.load({ id: 'a' }), reads]).toEqual(['A', []])
  // Without a request that is driven (in the cloud) keys are gathered.
  const gathering = reading(undefined, true)
  const cloud = createLoader<Key, string>(undefined, (keys) => Promise.all(keys.map((key) => gathering.loader.load(key))), ({ id }) => id, loadOne)
  expect([await cloud.load({ id: 'a' }), reads]).toEqual(['A', []])
})
