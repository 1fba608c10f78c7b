import { mergeCategories } from './categories.ts'
import type { ImportTable } from './table.ts'

/** products → category, product and list_price. A product without a price leaves the price that is there alone. */
export const products: ImportTable = {
  name: 'products',
  into: ['category', 'product', 'list_price'],
  required: ['id', 'name'],
  staging: {
    id: 'text collate "C"', name: 'text collate "C"', description: 'text collate "C"', brand: 'text collate "C"', category: 'text collate "C"',
    gtin: 'text collate "C"', attributes: 'text collate "C"', image_url: 'text collate "C"', amount_minor: 'bigint', currency: 'text collate "C"',
  },
  read(row) {
    const price = row.optional('list_price') === null ? null : row.money('list_price', 'currency')
    return [
      row.id('id'), row.text('name'), row.optional('description'), row.optional('brand'), row.categoryPath('category'),
      row.optional('gtin'), row.attributes('attributes'), row.optional('image_url'), price?.minor ?? null, price?.currency ?? null,
    ]
  },
  references: [],
  key: ['id'],
  async merge({ run, now }) {
    await mergeCategories(run)
    const changedProducts = await run<{ id: string }>(`
      insert into product (id, name, description, brand, category_id, gtin, attributes, image_url)
      select s.id, s.name, s.description, s.brand, c.id, s.gtin, s.attributes, s.image_url
      from staged s left join category c on c.path = s.category order by s.line
      on conflict (id) do update set name = excluded.name, description = excluded.description, brand = excluded.brand,
        category_id = excluded.category_id, gtin = excluded.gtin, attributes = excluded.attributes, image_url = excluded.image_url
      where (product.name, product.description, product.brand, product.category_id, product.gtin, product.attributes, product.image_url)
        is distinct from (excluded.name, excluded.description, excluded.brand, excluded.category_id, excluded.gtin, excluded.attributes, excluded.image_url)
      returning id`)
    const changedPrices = await run<{ id: string }>(
      `
      insert into list_price (product_id, amount_minor, currency, updated_at)
      select id, amount_minor, currency, $1 from staged where amount_minor is not null order by line
      on conflict (product_id) do update set amount_minor = excluded.amount_minor, currency = excluded.currency, updated_at = excluded.updated_at
      where (list_price.amount_minor, list_price.currency) is distinct from (excluded.amount_minor, excluded.currency)
      returning product_id as id`,
      [now],
    )
    return new Set([...changedProducts, ...changedPrices].map((row) => row.id)).size
  },
}

/** store_prices → store_price. */
export const storePrices: ImportTable = {
  name: 'store_prices',
  into: ['store_price'],
  required: ['store_id', 'product_id', 'price', 'currency'],
  staging: { store_id: 'text collate "C"', product_id: 'text collate "C"', amount_minor: 'bigint', currency: 'text collate "C"' },
  read(row) {
    const price = row.money('price', 'currency')
    return [row.id('store_id'), row.id('product_id'), price.minor, price.currency]
  },
  references: [
    { column: 'store_id', table: 'store', noun: 'store' },
    { column: 'product_id', table: 'product', noun: 'product' },
  ],
  key: ['store_id', 'product_id'],
  async merge({ change, now }) {
    return change(`
      insert into store_price (store_id, product_id, amount_minor, currency, updated_at)
      select store_id, product_id, amount_minor, currency, $1 from staged order by line
      on conflict (store_id, product_id) do update set amount_minor = excluded.amount_minor, currency = excluded.currency, updated_at = excluded.updated_at
      where (store_price.amount_minor, store_price.currency) is distinct from (excluded.amount_minor, excluded.currency)`, [now])
  },
}
