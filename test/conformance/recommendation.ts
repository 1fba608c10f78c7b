import { describe, expect, test } from '@jest/globals'
import { recommendation } from '../../subgraphs/recommendation/index.ts'
import type { MakeCatalogue, Rows } from './catalogue.ts'
import { asking, type Ask } from './execute.ts'

const product = { description: null, brand: null, category_id: null, gtin: null, attributes: '[]', image_url: null }
const store = { street: null, city: null, region: null, postcode: null, country: null, latitude: null, longitude: null, timezone: 'UTC', opening_hours: null }
const line = { quantity: 1, unit_price_minor: 100, currency: 'GBP' }
const packed = (reason: string, ...pairs: [string, number][]): string => JSON.stringify(pairs.map(([id, score]) => [id, score, reason]))

/** `gone` was deleted after training. */
const replicated: Rows = {
  product: ['a', 'b', 'c', 'd', 'e'].map((id) => ({ ...product, id, name: `Product ${id}` })),
  neighbours: [
    { product_id: 'a', similar_to: packed('SIMILAR', ['gone', 0.9], ['b', 0.5], ['c', 0.25]), bought_with: packed('BOUGHT_TOGETHER', ['gone', 0.8], ['c', 0.4], ['d', 0.3], ['e', -0.2]) },
    { product_id: 'b', similar_to: packed('SIMILAR_CONTENT', ['a', 0.5]), bought_with: packed('BOUGHT_TOGETHER', ['d', 0.3], ['a', 0.2], ['e', 0.1]) },
    { product_id: 'gone', similar_to: packed('SIMILAR', ['a', 0.5]), bought_with: '[]' },
  ],
  store: [{ ...store, id: 's1', name: 'One' }, { ...store, id: 's2', name: 'Two' }],
  trending: [{ store_id: '', items: '[["gone",9],["e",3],["d",2]]' }, { store_id: 's1', items: '[["b",1]]' }],
}

const cloudRows: Rows = {
  ...replicated,
  sale: [{ id: 'o1', store_id: 's1', customer_id: 'ann', ordered_at: 1 }, { id: 'o2', store_id: 's1', customer_id: 'ann', ordered_at: 2 }, { id: 'o3', store_id: null, customer_id: null, ordered_at: 3 }],
  sale_line: [
    { ...line, sale_id: 'o1', line: 1, product_id: 'b' }, { ...line, sale_id: 'o1', line: 2, product_id: 'gone' },
    { ...line, sale_id: 'o2', line: 1, product_id: 'a' }, { ...line, sale_id: 'o2', line: 2, product_id: 'b' }, { ...line, sale_id: 'o2', line: 3, product_id: 'b' },
    { ...line, sale_id: 'o3', line: 1, product_id: 'e' },
  ],
}

interface Item {
  readonly product: { readonly id: string }
  readonly score: number
  readonly reason: string
}
const item = '{ product { id } score reason }'
const shortly = (list: unknown): [string, string][] => (list as Item[]).map(({ product: { id }, reason }) => [id, reason])

/** What recommendation promises, whichever database is under it. */
export function registerRecommendationTests(database: string, makeCatalogue: MakeCatalogue): void {
  describe(`recommendation over ${database}`, () => {
    const withCatalogue = (title: string, run: (ask: Ask, statements: () => number) => Promise<void>, given: Rows = replicated) =>
      test(title, async () => {
        await using catalogue = await makeCatalogue(given)
        await run(asking(recommendation, {}, catalogue.storage), () => catalogue.statements())
      })

    withCatalogue('neighbours of a product, without those the catalogue no longer has', async (ask) => {
      const { data, codes } = await ask(`query ($of: [_Any!]!) { _entities(representations: $of) { ... on Product { id similar(first: 2) ${item} boughtTogether ${item} } } }`, {
        of: ['a', 'd', 'gone'].map((id) => ({ __typename: 'Product', id })),
      })
      expect(codes).toEqual([])
      expect(data._entities).toEqual([
        {
          id: 'a',
          similar: [{ product: { id: 'b' }, score: 0.5, reason: 'SIMILAR' }, { product: { id: 'c' }, score: 0.25, reason: 'SIMILAR' }],
          // d sells well of late: .3 + .1 × .8 × 2/9.
          boughtTogether: [{ product: { id: 'c' }, score: 0.4, reason: 'BOUGHT_TOGETHER' }, { product: { id: 'd' }, score: 0.317778, reason: 'BOUGHT_TOGETHER' }],
        },
        { id: 'd', similar: [], boughtTogether: [] },
        null,
      ])
    })

    withCatalogue('neighbours of a product that is recommended', async (ask) => {
      const { data, codes } = await ask('{ trending(storeId: "s1") { product { id similar { product { id } } boughtTogether(first: 2) { product { id boughtTogether(first: 1) { product { id } } } } } } }')
      expect(codes).toEqual([])
      const boughtTogether = [{ product: { id: 'd', boughtTogether: [] } }, { product: { id: 'a', boughtTogether: [{ product: { id: 'c' } }] } }]
      expect(data.trending).toEqual([{ product: { id: 'b', similar: [{ product: { id: 'a' } }], boughtTogether } }])
    })

    withCatalogue('a basket adds up what its products say', async (ask) => {
      const { data } = await ask(`{ basketRecommendations(productIds: ["a", "b", "a", "unknown"]) ${item} none: basketRecommendations(productIds: []) ${item} }`)
      // d: .3 + .3 of three products; c: .4; e: −.2 + .1 is below zero.
      expect(data.basketRecommendations).toEqual([
        { product: { id: 'd' }, score: 0.2, reason: 'BOUGHT_TOGETHER' },
        { product: { id: 'c' }, score: 0.133333, reason: 'BOUGHT_TOGETHER' },
      ])
      expect(data.none).toEqual([])
      const large = await ask(`query ($ids: [ID!]!) { basketRecommendations(productIds: $ids) ${item} }`, { ids: Array.from({ length: 2_001 }, (_, at) => `x${at}`) })
      expect(large.codes).toEqual(['BAD_USER_INPUT'])
      expect((await ask(`{ trending(first: 51) ${item} }`)).codes).toEqual(['BAD_USER_INPUT'])
    })

    withCatalogue('trends of the chain and of a store that is held here', async (ask) => {
      const { data } = await ask(`{ trending ${item} here: trending(storeId: "s1") ${item} quiet: trending(storeId: "s2") ${item} }`)
      expect([shortly(data.trending), shortly(data.here), shortly(data.quiet)]).toEqual([[['e', 'TRENDING'], ['d', 'TRENDING']], [['b', 'TRENDING']], []])
      expect((await ask(`{ trending(storeId: "s3") ${item} }`)).codes).toEqual(['STORE_UNKNOWN'])
      expect((await ask(`{ trending(storeId: "s1") ${item} }`, {}, { holdsStore: () => false })).codes).toEqual(['OUT_OF_SCOPE'])
    })

    const ids = Array.from({ length: 60 }, (_, at) => `m${at}`)
    const many: Rows = {
      product: ids.map((id) => ({ ...product, id, name: id })),
      neighbours: ids.map((id, at) => {
        const others = packed('SIMILAR', ...ids.toSpliced(at, 1).slice(0, 50).map((other, rank): [string, number] => [other, 1 / (rank + 1)]))
        return { product_id: id, similar_to: others, bought_with: others }
      }),
    }
    withCatalogue('the number of statements does not grow with the page', async (ask, statements) => {
      const counts: number[] = []
      for (const size of [1, 10, 50]) {
        statements()
        const { codes } = await ask(`query ($of: [_Any!]!) { _entities(representations: $of) { ... on Product { similar ${item} boughtTogether ${item} } } }`, {
          of: ids.slice(0, size).map((id) => ({ __typename: 'Product', id })),
        })
        expect(codes).toEqual([])
        counts.push(statements())
      }
      expect(counts).toEqual([3, 3, 3])
      statements()
      await ask(`query ($ids: [ID!]!) { basketRecommendations(productIds: $ids) ${item} }`, { ids: ids.slice(0, 40) })
      expect(statements()).toBe(2)
    }, many)
  })
}

/** What only the cloud answers: customers' purchases never leave it. */
export function registerCustomerRecommendationTests(database: string, makeCatalogue: MakeCatalogue): void {
  test(`recommendations for a customer over ${database}`, async () => {
    await using catalogue = await makeCatalogue(cloudRows)
    const ask = asking(recommendation, {}, catalogue.storage)
    const { data } = await ask(`{ ann: customerRecommendations(customerId: "ann") ${item} bob: customerRecommendations(customerId: "bob") ${item} }`)
    // b was bought twice, a once; both speak for d, and for c only a does.
    expect(shortly(data.ann)).toEqual([['b', 'BOUGHT_BEFORE'], ['a', 'BOUGHT_BEFORE'], ['d', 'BOUGHT_TOGETHER'], ['c', 'BOUGHT_TOGETHER']])
    expect(shortly(data.bob)).toEqual([['e', 'TRENDING'], ['d', 'TRENDING']])
  })
}
