import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'
import { openShop, type Shop } from '../browser/shop.ts'
import { until } from '../environment/wait.ts'

const displays = 500
const products = ['tea', 'milk', 'coffee', 'bread', 'eggs']

/** What may wait for one display: a thousand changes, and what one batch adds before only the newest of each row is kept. */
const mostWaiting = 1_100

const { operations } = JSON.parse(readFileSync(new URL('../../schema/manifest.json', import.meta.url), 'utf8')) as { operations: readonly { readonly id: string; readonly name: string }[] }
const documentId = (name: string): string => operations.find((operation) => operation.name === name)?.id ?? ''

/** The batch of a position; the log of these tests has one epoch. */
const batchOf = (position: string): number => Number(position.slice(position.lastIndexOf(':') + 1))

interface Availability {
  readonly onHand: number
}

interface Event {
  readonly data?: { readonly stockChanged?: Availability; readonly product?: { readonly availability: Availability } } | null
  readonly extensions?: { readonly edge?: { readonly position: string } }
}

/** A display as its page does it: told over the socket that follows, and asking anew after every connection, with the position saying which of two answers is newer. */
class Screen implements AsyncDisposable {
  readonly #client: Client
  readonly #productId: string
  #socket: WebSocket | null = null
  level: number | null = null
  position = ''
  connections = 0
  /** Times that it asked, and was answered. */
  answers = 0
  /** What came from before the position on show. */
  stepsBack = 0
  readonly faults: unknown[] = []

  constructor(url: string, productId: string, watch = 'DisplayStock') {
    this.#productId = productId
    this.#client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: Infinity,
      shouldRetry: () => true,
      retryWait: () => sleep(Math.random() * 200),
      on: {
        opened: (socket) => {
          this.#socket = socket as WebSocket
        },
        connected: () => {
          this.connections += 1
          this.#ask()
        },
      },
    })
    this.#subscribe(watch, { storeId: '7', productIds: [productId] }, ({ data }) => data?.stockChanged)
  }

  stopReading(): void {
    this.#socket?.pause()
  }

  readAgain(): void {
    this.#socket?.resume()
  }

  #ask(): void {
    this.#subscribe('ShelfLabel', { storeId: '7', productId: this.#productId }, ({ data }) => {
      this.answers += 1
      return data?.product?.availability
    })
  }

  #subscribe(name: string, variables: Record<string, unknown>, levelIn: (event: Event) => Availability | undefined): void {
    this.#client.subscribe<Event['data']>(
      { query: '', extensions: { persistedQuery: { version: 1, sha256Hash: documentId(name) } }, variables },
      {
        next: (event) => this.#show(levelIn(event as Event), (event as Event).extensions?.edge?.position ?? ''),
        error: (error) => this.faults.push(error),
        complete: () => {},
      },
    )
  }

  #show(availability: Availability | undefined, position: string): void {
    if (availability === undefined) this.faults.push('an event without a level')
    else if (batchOf(position) < batchOf(this.position)) this.stepsBack += 1
    else {
      this.level = availability.onHand
      this.position = position
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.dispose()
  }
}

async function figure({ url }: Shop, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+]+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

test('500 displays reconnecting to a node that was restarted each show the latest level, from their position on', async () => {
  await using shop = await openShop()
  await using stack = new AsyncDisposableStack()
  const { cloud } = shop
  const screens = Array.from({ length: displays }, (_unused, nth) => stack.use(new Screen(shop.url, products[nth % products.length] ?? '')))
  const change = (level: number): void => cloud.put(...products.map((id, nth) => cloud.stock(id, level * 10 + nth)))
  const allShow = (level: number): Promise<unknown> =>
    until(`all displays to show ${level}`, () => screens.every((screen, nth) => screen.level === level * 10 + (nth % products.length)))
  await until('all displays to be answered', () => screens.every(({ answers }) => answers > 0))
  let level = 100
  change(level)
  await allShow(level)

  await shop.stop()
  change(++level)
  const before = screens.map(({ position }) => position)
  await shop.start()
  let longest = 0
  // The shop goes on selling while they come back.
  let sold = 0
  await until('all displays to be back', async () => {
    const back = screens.filter(({ connections, answers }) => connections > 1 && answers > 1).length
    if (back >= sold + displays / 4) {
      change(++level)
      sold = back
    }
    longest = Math.max(longest, await figure(shop, 'aisle_edge_longest_event_queue'))
    return back === displays
  })
  change(++level)
  await allShow(level)
  expect(screens.flatMap(({ faults }) => faults)).toEqual([])
  expect(screens.filter(({ position }, nth) => batchOf(position) <= batchOf(before[nth] ?? ''))).toEqual([])
  expect(screens.reduce((sum, { stepsBack }) => sum + stepsBack, 0)).toBe(0)
  expect(longest).toBeLessThanOrEqual(mostWaiting)
}, 120_000)

test('a display that stops reading holds up nobody, costs no more than the newest change of each row, and shows the latest when it reads again', async () => {
  await using shop = await openShop()
  const { cloud } = shop
  // Events so large that few of them fill what the system keeps for a connection.
  cloud.put({ entity: 'product', row: { id: 'sign', name: 'sign '.repeat(10_000), description: null, brand: null, category_id: null, gtin: null, attributes: '[]', image_url: null } }, cloud.stock('sign', 0))
  await using reading = new Screen(shop.url, 'sign')
  await using deaf = new Screen(shop.url, 'sign', 'WatchStock')
  const screens = [reading, deaf]
  await until('both to be answered', () => screens.every(({ level }) => level === 0))
  deaf.stopReading()
  let longest = 0
  let level = 0
  for (let round = 0; round < 30; round += 1) {
    for (let nth = 0; nth < 100; nth += 1) cloud.put(cloud.stock('sign', ++level))
    await until('the other display to show it', () => reading.level === level)
    longest = Math.max(longest, await figure(shop, 'aisle_edge_longest_event_queue'))
  }
  expect(deaf.level).toBe(0)
  // It did fall behind, and what waits for it stayed within its bounds.
  expect(longest).toBeGreaterThan(500)
  expect(longest).toBeLessThanOrEqual(mostWaiting)
  // Had it been deaf for long, the node would have let go of it, and it would come back and ask.
  deaf.readAgain()
  await until('the deaf one to show it too', () => deaf.level === level)
  expect(screens.map(({ faults, stepsBack }) => [faults, stepsBack])).toEqual([[[], 0], [[], 0]])
}, 120_000)
