import { describe, expect, test } from '@jest/globals'
import { search } from '../../subgraphs/search/index.ts'
import type { MakeCatalogue, Rows } from './catalogue.ts'
import { asking, type Ask } from './execute.ts'

const product = { description: null, brand: null, category_id: null, gtin: null, attributes: '[]', image_url: null }
const store = { street: null, city: null, region: null, postcode: null, country: null, latitude: null, longitude: null, timezone: 'UTC', opening_hours: null }
const category = (id: string, parent: string | null, ...path: string[]) => ({ id, parent_id: parent, name: path.at(-1) ?? '', path: JSON.stringify(path) })
const price = (productId: string, minor: number, currency = 'GBP') => ({ product_id: productId, amount_minor: minor, currency, updated_at: 1 })

const rows: Rows = {
  category: [category('c', null, 'Cables'), category('c/usb', 'c', 'Cables', 'USB'), category('p', null, 'Power')],
  product: [
    { ...product, id: 'k1', name: 'USB-C cable 2 m', brand: 'Acme', category_id: 'c/usb', attributes: '[["colour","red"],["length","2"]]', gtin: '4006381333931' },
    { ...product, id: 'k2', name: 'USB-C cable 1 m', brand: 'Acme', category_id: 'c/usb', attributes: '[["colour","black"],["length","1"]]' },
    { ...product, id: 'k3', name: 'HDMI cable', brand: 'Bolt', category_id: 'c', attributes: '[["colour","black"]]', description: 'High speed video' },
    { ...product, id: 'p1', name: 'USB-C charger 65W', brand: 'Bolt', category_id: 'p', image_url: 'https://example.org/p1.jpg' },
    { ...product, id: 'p2', name: 'Batteries, pack of 8', category_id: 'gone' },
  ],
  list_price: [price('k1', 999), price('k2', 599), price('k3', 1200), price('p1', 2500)],
  store: [{ ...store, id: 's1', name: 'One' }],
  store_price: [{ ...price('k1', 450), store_id: 's1' }],
  stock: [
    { store_id: 's1', product_id: 'k1', on_hand: 3, reorder_point: null, order_up_to: null, updated_at: 1 },
    { store_id: 's1', product_id: 'k2', on_hand: 0, reorder_point: null, order_up_to: null, updated_at: 1 },
  ],
}

const found = `query Found($query: String!, $filter: ProductFilter, $sort: ProductSort, $storeId: ID, $first: Int, $after: String) {
  search(query: $query, filter: $filter, sort: $sort, storeId: $storeId, first: $first, after: $after) {
    totalCount correctedQuery nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}`

interface Found {
  readonly totalCount: number
  readonly correctedQuery: string | null
  readonly nodes: readonly { readonly id: string }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean; readonly endCursor: string | null }
}

/** What search promises, whichever database is under it. */
export function registerSearchTests(database: string, makeCatalogue: MakeCatalogue): void {
  describe(`search over ${database}`, () => {
    const withCatalogue = (title: string, run: (ask: Ask, statements: () => number) => Promise<void>, given: Rows = rows) =>
      test(title, async () => {
        await using catalogue = await makeCatalogue(given)
        await run(asking(search, { index: () => catalogue.index }, catalogue.storage), () => catalogue.statements())
      })
    const ids = async (ask: Ask, variables: Record<string, unknown>): Promise<string[]> => {
      const { data, codes } = await ask(found, variables)
      expect(codes).toEqual([])
      return (data.search as Found).nodes.map(({ id }) => id)
    }

    withCatalogue('products keep the order and length of the ids', async (ask) => {
      const { data } = await ask('{ products(ids: ["p1", "nope", "k1", "p1"]) { id } product(id: "nope") { id } }')
      expect(data).toEqual({ products: [{ id: 'p1' }, null, { id: 'k1' }, { id: 'p1' }], product: null })
      const many = await ask('query ($ids: [ID!]!) { products(ids: $ids) { id } }', { ids: Array.from({ length: 501 }, (_, at) => `x${at}`) })
      expect(many.codes).toEqual(['BAD_USER_INPUT'])
    })

    withCatalogue('a product shows all it has', async (ask) => {
      const { data } = await ask('{ product(id: "k1") { name description brand gtin category { id name path parent { id parent { id } } } attributes { name value } imageUrl } }')
      expect(data.product).toEqual({
        name: 'USB-C cable 2 m', description: null, brand: 'Acme', gtin: '4006381333931',
        category: { id: 'c/usb', name: 'USB', path: ['Cables', 'USB'], parent: { id: 'c', parent: null } },
        attributes: [{ name: 'colour', value: 'red' }, { name: 'length', value: '2' }], imageUrl: null,
      })
      expect((await ask('{ product(id: "p2") { category { id } } }')).data).toEqual({ product: { category: null } })
    })

    withCatalogue('references are answered, unknown ones with null', async (ask) => {
      const representations = [{ __typename: 'Product', id: 'k3' }, { __typename: 'Product', id: 'x' }, { __typename: 'Category', id: 'p' }, { __typename: 'Category', id: 'x' }]
      const { data } = await ask('query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Product { name } ... on Category { title: name } } }', { representations })
      expect(data._entities).toEqual([{ name: 'HDMI cable' }, null, { title: 'Power' }, null])
    })

    withCatalogue('the category tree, by name', async (ask) => {
      const { data } = await ask('{ categories { id children { id children { id } } } below: categories(parentId: "c") { id } none: categories(parentId: "x") { id } }')
      expect(data).toEqual({
        categories: [{ id: 'c', children: [{ id: 'c/usb', children: [] }] }, { id: 'p', children: [] }],
        below: [{ id: 'c/usb' }],
        none: [],
      })
    })

    withCatalogue('all words come before any word, and an empty query finds everything', async (ask) => {
      expect((await ids(ask, { query: 'usbc cables' })).slice(0, 2).toSorted()).toEqual(['k1', 'k2'])
      expect(await ids(ask, { query: 'battery' })).toEqual(['p2'])
      expect(await ids(ask, { query: '  ' })).toEqual(['k1', 'k2', 'k3', 'p1', 'p2'])
      expect(await ids(ask, { query: '"*' })).toEqual([])
    })

    withCatalogue('a misspelt word is corrected and the correction told', async (ask) => {
      const { data } = await ask(found, { query: 'hmdi cabel' })
      expect(data.search).toMatchObject({ correctedQuery: 'hdmi cable', nodes: [{ id: 'k3' }, { id: 'k1' }, { id: 'k2' }] })
    })

    withCatalogue('filters narrow by category, brand and attribute', async (ask) => {
      expect(await ids(ask, { query: '', filter: { categoryIds: ['c'] } })).toEqual(['k1', 'k2', 'k3'])
      expect(await ids(ask, { query: '', filter: { brands: ['Bolt', 'None'] } })).toEqual(['k3', 'p1'])
      expect(await ids(ask, { query: 'cable', filter: { attributes: [{ name: 'colour', values: ['black', 'blue'] }, { name: 'length', values: ['1'] }] } })).toEqual(['k2'])
      expect(await ids(ask, { query: '', filter: { attributes: [{ name: 'colour', values: ['none'] }] } })).toEqual([])
    })

    withCatalogue('prices of the store, else of the list', async (ask) => {
      expect(await ids(ask, { query: '', filter: { maxPrice: '5.99' } })).toEqual(['k2'])
      expect(await ids(ask, { query: '', filter: { maxPrice: '5.99' }, storeId: 's1' })).toEqual(['k1', 'k2'])
      expect(await ids(ask, { query: '', filter: { minPrice: '9.990000001', maxPrice: '25' } })).toEqual(['k3', 'p1'])
      expect(await ids(ask, { query: '', sort: 'PRICE_ASC', storeId: 's1' })).toEqual(['k1', 'k2', 'k3', 'p1', 'p2'])
      expect(await ids(ask, { query: '', sort: 'PRICE_DESC' })).toEqual(['p1', 'k3', 'k1', 'k2', 'p2'])
      expect(await ids(ask, { query: '', sort: 'NAME' })).toEqual(['p2', 'k3', 'k2', 'k1', 'p1'])
    })

    withCatalogue('stock needs a store that is there and held here', async (ask) => {
      expect(await ids(ask, { query: 'cable', filter: { inStock: true }, storeId: 's1' })).toEqual(['k1'])
      expect((await ask(found, { query: '', filter: { inStock: true } })).codes).toEqual(['BAD_USER_INPUT'])
      expect((await ask(found, { query: '', storeId: 's2' })).codes).toEqual(['STORE_UNKNOWN'])
      expect((await ask(found, { query: '', storeId: 's1' }, { holdsStore: () => false })).codes).toEqual(['OUT_OF_SCOPE'])
    })

    withCatalogue('pages join up to the whole, in every order', async (ask) => {
      for (const sort of ['RELEVANCE', 'NAME', 'PRICE_ASC', 'PRICE_DESC']) {
        for (const query of ['', 'usb cable']) {
          const whole = await ids(ask, { query, sort, first: 100 })
          const paged: string[] = []
          let after: string | null = null
          for (let more = true; more; ) {
            const { data } = await ask(found, { query, sort, first: 2, after })
            const { nodes, pageInfo, totalCount } = data.search as Found
            expect(totalCount).toBe(whole.length)
            expect(pageInfo.hasPreviousPage).toBe(after !== null)
            paged.push(...nodes.map(({ id }) => id))
            after = pageInfo.endCursor
            more = pageInfo.hasNextPage
          }
          expect(paged).toEqual(whole)
        }
      }
      const { data } = await ask(found, { query: '', first: 1 })
      const after = (data.search as Found).pageInfo.endCursor
      expect((await ask(found, { query: '', sort: 'NAME', after })).codes).toEqual(['BAD_USER_INPUT'])
      expect((await ask(found, { query: '', after: 'no cursor' })).codes).toEqual(['BAD_USER_INPUT'])
      expect((await ask(found, { query: '', first: 101 })).codes).toEqual(['BAD_USER_INPUT'])
    })

    withCatalogue('facets count over all matches, and each count holds when its value is filtered by', async (ask) => {
      const { data } = await ask('{ search(query: "", first: 1) { facets { kind name values { value label count } } } }')
      const facets = (data.search as { facets: { kind: string; name: string; values: { value: string; label: string; count: number }[] }[] }).facets
      expect(facets.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['BRAND', 'CATEGORY', 'PRICE']))
      for (const { kind, name, values } of facets) {
        for (const { value, count } of values) {
          const [minPrice, maxPrice] = value.split('..').map((bound) => (bound === '' ? null : bound))
          const filters: Record<string, object> = {
            BRAND: { brands: [value] }, CATEGORY: { categoryIds: [value] }, ATTRIBUTE: { attributes: [{ name, values: [value] }] }, PRICE: { minPrice, maxPrice },
          }
          expect([kind, value, (await ids(ask, { query: '', filter: filters[kind] })).length]).toEqual([kind, value, count])
        }
      }
    })

    withCatalogue('suggestions complete words, brands, categories and names', async (ask) => {
      const { data } = await ask('{ suggest(prefix: "ca", first: 20) { text kind product { id } category { id } } none: suggest(prefix: "") { text } }')
      expect(data.suggest).toEqual(expect.arrayContaining([
        { text: 'cable', kind: 'QUERY', product: null, category: null },
        { text: 'Cables', kind: 'CATEGORY', product: null, category: { id: 'c' } },
        { text: 'HDMI cable', kind: 'PRODUCT', product: { id: 'k3' }, category: null },
      ]))
      expect(data.none).toEqual([])
      expect((await ask('{ suggest(prefix: "bo") { text kind } }')).data.suggest).toEqual(expect.arrayContaining([{ text: 'Bolt', kind: 'BRAND' }]))
    })

    const many: Rows = {
      category: Array.from({ length: 12 }, (_, at) => category(`c${at}`, at > 5 ? `c${at - 6}` : null, `Level ${at}`)),
      product: Array.from({ length: 60 }, (_, at) => ({ ...product, id: `m${at}`, name: `Mug number ${at}`, category_id: `c${at % 12}` })),
      list_price: Array.from({ length: 60 }, (_, at) => price(`m${at}`, 100 + at * 37)),
    }
    withCatalogue('the number of statements does not grow with the page', async (ask, statements) => {
      const counts: number[] = []
      for (const first of [1, 10, 50]) {
        statements()
        const { codes } = await ask(
          `query ($first: Int) { search(query: "mug", sort: PRICE_ASC, first: $first) {
            totalCount facets { name } edges { node { name category { name parent { name } children { name } } } } } }`,
          { first },
        )
        expect(codes).toEqual([])
        counts.push(statements())
      }
      expect(new Set(counts).size).toBe(1)
      expect(counts[0]).toBeLessThanOrEqual(6)
      statements()
      await ask('{ search(query: "mug") { totalCount } }')
      expect(statements()).toBe(0)
    }, many)
  })
}
