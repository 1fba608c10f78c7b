import { expect, test } from '@jest/globals'
import { deviceStore } from '../../../subgraphs/device/queries.ts'
import type { DeviceStore } from '../../../subgraphs/device/store.ts'
import { deviceTags } from '../../../subgraphs/device/tags.ts'
import { inventoryStore } from '../../../subgraphs/inventory/queries.ts'
import type { InventoryStore } from '../../../subgraphs/inventory/store.ts'
import { inventoryTags } from '../../../subgraphs/inventory/tags.ts'
import { recommendationStore } from '../../../subgraphs/recommendation/queries.ts'
import type { RecommendationStore } from '../../../subgraphs/recommendation/store.ts'
import { recommendationTags } from '../../../subgraphs/recommendation/tags.ts'
import { searchStore } from '../../../subgraphs/search/queries.ts'
import type { SearchStore } from '../../../subgraphs/search/store.ts'
import { searchTags } from '../../../subgraphs/search/tags.ts'
import type { Storage } from '../../../subgraphs/storage/storage.ts'
import { MemoryCloud } from '../data/testing/memory-cloud.ts'
import { eventually, scratchFolder } from '../data/testing/conditions.ts'
import { answeringNode } from '../testing/answering-node.ts'
import { firstRows, happens, hasAll, rowChanges, worldTimes, type WorldTimes } from '../testing/row-changes.ts'
import { kindOf, WatchedMoves } from '../testing/watched-moves.ts'

/** Arguments with which each read of a store is asked; null where its tags are: what is not held here. */
type Asked<Store> = { readonly [Name in keyof Store]: Store[Name] extends (...args: infer Args) => unknown ? readonly Args[] | null : never }

function asked({ began }: WorldTimes): { inventory: Asked<InventoryStore>; device: Asked<DeviceStore>; recommendation: Asked<RecommendationStore>; search: Asked<SearchStore> } {
  const span = { metric: 'temperature', from: began, to: began + 7_200_000 }
  const all = { productIds: null, statuses: null }
  return {
    inventory: {
      stores: [[['S1']], [['S1', 'S2']]],
      allStores: [[]],
      storePage: [[1, null], [20, { name: 'Store S1', id: 'S1' }]],
      storeCount: [[]],
      prices: [[['p0'], ['S1']], [['p0', 'p1'], ['S1', 'S2']], [['p0'], []]],
      levels: [[['p0'], ['S1']], [['p6'], ['S1']], [['p0', 'p1'], ['S1', 'S2']]],
      stocked: [[['p0', 'p1'], ['S1', 'S2']]],
      stockPages: [[['S1'], { ...all, first: 5, after: null }], [['S1'], { productIds: ['p0', 'p7'], statuses: ['IN_STOCK'], first: 5, after: null }], [['S1', 'S2'], { ...all, first: 5, after: null }]],
      stockCounts: [[['S1'], all], [['S1', 'S2'], { productIds: ['p0', 'p1'], statuses: null }]],
      movementPages: null,
      refusedPages: [[['S1'], { first: 5, after: null }]],
      stockReport: [['STORE', 'S1'], ['STORE', null], ['CATEGORY', 'S1'], ['BRAND', 'S1'], ['PRODUCT', 'S1']],
    },
    device: {
      devices: [[['d0']], [['d0', 'p7']]],
      devicePages: [[['S1'], { kind: null, first: 5, after: null }], [['S1', 'S2'], { kind: 'FREEZER', first: 5, after: null }]],
      deviceCounts: [[['S1'], null], [['S1'], 'FREEZER']],
      readings: [[['d0'], span, 9], [['d0', 'p7'], span, 9]],
      buckets: [[['d0'], span, 3_600_000]],
      readingsBefore: [[{ deviceId: 'd0', storeId: 'S1', metric: 'temperature' }, began + 7_200_000, 9]],
    },
    recommendation: { neighbours: [[['p0']], [['p0', 'p7']]], existing: [[['p0']], [['p0', 'p7']]], purchases: null, trending: [[['S1']], [['S1', '']]], hasStore: [['S1']] },
    search: {
      products: [[['p0']], [['p0', 'p7']]], categories: [[['c0']], [['c0', 'c1']]], childCategories: [[['c0'], false], [['c0'], true]], hasStore: [['S1']],
      shelf: [[['p0', 'p1'], 'S1', true], [['p0', 'p1'], 'S1', false]],
    },
  }
}

interface Read {
  readonly name: string
  readonly tags: readonly string[]
  readonly run: (storage: Storage) => unknown
}

function readsOf<Store extends object>(part: string, storeOver: (storage: Storage) => Store, tagsOf: object, calls: Asked<Store>): Read[] {
  return Object.entries(calls as Record<string, readonly (readonly unknown[])[] | null>).flatMap(([name, argumentLists]) => {
    const declared = (tagsOf as Record<string, (...args: readonly unknown[]) => readonly string[] | null>)[name]
    return (argumentLists ?? []).map((args) => ({
      name: `${part}.${name}`,
      tags: declared?.(...args) ?? [],
      run: (storage) => (storeOver(storage) as Record<string, (...args: readonly unknown[]) => unknown>)[name]?.(...args),
    }))
  })
}

test('each read declares what its rows depend on, and nothing that it could do without', async () => {
  using folder = scratchFolder()
  const times = worldTimes()
  const cloud = new MemoryCloud('S1')
  cloud.clock = () => times.began
  cloud.put(...firstRows(times))
  const moves = new WatchedMoves()
  await using node = await answeringNode({ directory: folder.path, cloud, dataOptions: { moves } })
  await eventually(() => hasAll(node, cloud), 'the first copy')
  const calls = asked(times)
  const reads = [
    ...readsOf('inventory', inventoryStore, inventoryTags, calls.inventory), ...readsOf('device', deviceStore, deviceTags, calls.device),
    ...readsOf('recommendation', recommendationStore, recommendationTags, calls.recommendation), ...readsOf('search', searchStore, searchTags, calls.search),
  ]
  const read = async (): Promise<string[]> => {
    using session = await node.data.read()
    const found: string[] = []
    for (const { run } of reads) found.push(textOf(await run(session.storage)))
    return found
  }

  const stale: string[] = []
  const felt = new Set<string>()
  const needed = new Set<string>()
  let before = await read()
  for (const change of rowChanges(cloud, times)) {
    moves.forget()
    await happens(change, node, cloud)
    const now = await read()
    const { told } = moves
    for (const [at, { name, tags }] of reads.entries()) {
      if (now[at] === before[at] || told === 'everything') continue
      felt.add(name)
      const moved = new Set(tags.filter((tag) => told.has(tag)).map(kindOf))
      if (moved.size === 0) stale.push(`${change.name}: ${name} ${tags.join(' ')}\n${before[at]}\n${now[at]}`)
      if (moved.size === 1) for (const kind of moved) needed.add(`${name} ${kind}`)
    }
    before = now
  }
  const declared = new Set(reads.flatMap(({ name, tags }) => tags.map((tag) => `${name} ${kindOf(tag)}`)))
  expect({ stale, unfelt: reads.filter(({ name }) => !felt.has(name)).map(({ name }) => name), unneeded: [...declared].filter((each) => !needed.has(each)) })
    .toEqual({ stale: [], unfelt: [], unneeded: [] })
}, 60_000)

function textOf(found: unknown): string {
  return JSON.stringify(found, (_key, value: unknown) => (value instanceof Map ? [...value] : typeof value === 'bigint' ? String(value) : value))
}
