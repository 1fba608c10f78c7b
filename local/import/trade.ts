import { movementKind } from './kinds.ts'
import { RowProblem } from './row.ts'
import type { ImportTable } from './table.ts'

/** stores → store. */
export const stores: ImportTable = {
  name: 'stores',
  into: ['store'],
  required: ['id', 'name', 'timezone'],
  staging: {
    id: 'text collate "C"', name: 'text collate "C"', street: 'text collate "C"', city: 'text collate "C"', region: 'text collate "C"',
    postcode: 'text collate "C"', country: 'text collate "C"', latitude: 'double precision', longitude: 'double precision',
    timezone: 'text collate "C"', opening_hours: 'text collate "C"',
  },
  read(row) {
    const latitude = row.optionalNumber('latitude', -90, 90)
    const longitude = row.optionalNumber('longitude', -180, 180)
    if (latitude === null && longitude !== null) throw new RowProblem('latitude', 'is empty where the longitude is not')
    if (longitude === null && latitude !== null) throw new RowProblem('longitude', 'is empty where the latitude is not')
    return [
      row.id('id'), row.text('name'), row.optional('address'), row.optional('city'), row.optional('region'), row.optional('postcode'),
      row.optional('country'), latitude, longitude, row.timezone('timezone'), row.optional('opening_hours'),
    ]
  },
  references: [],
  key: ['id'],
  async merge({ change }) {
    return change(`
      insert into store (id, name, street, city, region, postcode, country, latitude, longitude, timezone, opening_hours)
      select id, name, street, city, region, postcode, country, latitude, longitude, timezone, opening_hours from staged order by line
      on conflict (id) do update set name = excluded.name, street = excluded.street, city = excluded.city, region = excluded.region,
        postcode = excluded.postcode, country = excluded.country, latitude = excluded.latitude, longitude = excluded.longitude,
        timezone = excluded.timezone, opening_hours = excluded.opening_hours
      where (store.*) is distinct from (excluded.*)`)
  },
}

/** orders → sale. */
export const orders: ImportTable = {
  name: 'orders',
  into: ['sale'],
  required: ['id', 'ordered_at'],
  staging: { id: 'text collate "C"', store_id: 'text collate "C"', customer_id: 'text collate "C"', ordered_at: 'bigint' },
  read: (row) => [row.id('id'), row.optionalId('store_id'), row.optionalId('customer_id'), row.time('ordered_at')],
  references: [{ column: 'store_id', table: 'store', noun: 'store' }],
  key: ['id'],
  async merge({ change }) {
    return change(`
      insert into sale (id, store_id, customer_id, ordered_at) select id, store_id, customer_id, ordered_at from staged order by line
      on conflict (id) do update set store_id = excluded.store_id, customer_id = excluded.customer_id, ordered_at = excluded.ordered_at
      where (sale.*) is distinct from (excluded.*)`)
  },
}

/**
 * order_lines → sale_line, numbered 1, 2, … within an order in the file's order. The file says the whole of an order: lines
 * that it no longer has are taken away. What was brought back is no line of an order: it belongs in stock_movements as RETURN.
 */
export const orderLines: ImportTable = {
  name: 'order_lines',
  into: ['sale_line'],
  required: ['order_id', 'product_id', 'quantity', 'unit_price', 'currency'],
  staging: { order_id: 'text collate "C"', product_id: 'text collate "C"', quantity: 'integer', unit_price_minor: 'bigint', currency: 'text collate "C"' },
  read(row) {
    const price = row.money('unit_price', 'currency')
    return [row.id('order_id'), row.id('product_id'), row.integer('quantity', 1), price.minor, price.currency]
  },
  references: [
    { column: 'order_id', table: 'sale', noun: 'order' },
    { column: 'product_id', table: 'product', noun: 'product' },
  ],
  key: [],
  async merge({ change, remark }) {
    const gone = await change(`
      delete from sale_line using (select order_id, count(*) as lines from staged group by order_id) as now_has
      where sale_line.sale_id = now_has.order_id and sale_line.line > now_has.lines`)
    remark('lines that an order no longer has: taken away', gone)
    return change(`
      insert into sale_line (sale_id, line, product_id, quantity, unit_price_minor, currency)
      select order_id, row_number() over (partition by order_id order by line), product_id, quantity, unit_price_minor, currency from staged
      on conflict (sale_id, line) do update set product_id = excluded.product_id, quantity = excluded.quantity,
        unit_price_minor = excluded.unit_price_minor, currency = excluded.currency
      where (sale_line.*) is distinct from (excluded.*)`)
  },
}

/** stock → stock. A level never replaces one of a later time. */
export const stock: ImportTable = {
  name: 'stock',
  into: ['stock'],
  required: ['store_id', 'product_id', 'on_hand', 'as_of'],
  staging: {
    store_id: 'text collate "C"', product_id: 'text collate "C"', on_hand: 'integer', reorder_point: 'integer', order_up_to: 'integer', updated_at: 'bigint',
  },
  read: (row) => [
    row.id('store_id'), row.id('product_id'), row.integer('on_hand'), row.optionalInteger('reorder_point', 0), row.optionalInteger('order_up_to', 0),
    row.time('as_of'),
  ],
  references: [
    { column: 'store_id', table: 'store', noun: 'store' },
    { column: 'product_id', table: 'product', noun: 'product' },
  ],
  key: ['store_id', 'product_id'],
  async merge({ run, change, remark }) {
    const [older] = await run<{ rows: number }>(`
      select count(*)::integer as rows from staged join stock using (store_id, product_id) where staged.updated_at < stock.updated_at`)
    remark('levels older than what the database has: left as it is', older?.rows ?? 0)
    return change(`
      insert into stock (store_id, product_id, on_hand, reorder_point, order_up_to, updated_at)
      select store_id, product_id, on_hand, reorder_point, order_up_to, updated_at from staged order by line
      on conflict (store_id, product_id) do update set on_hand = excluded.on_hand, reorder_point = excluded.reorder_point,
        order_up_to = excluded.order_up_to, updated_at = excluded.updated_at
      where excluded.updated_at >= stock.updated_at and (stock.*) is distinct from (excluded.*)`)
  },
}

/**
 * stock_movements → movement: history only, for the levels in stock already include it. A row's id is made of its time, its place
 * among the rows of the same store, product and time, and a hash of the two, so that the same file makes the same ids.
 */
export const movements: ImportTable = {
  name: 'stock_movements',
  into: ['movement'],
  required: ['store_id', 'product_id', 'kind', 'quantity', 'on_hand_after', 'occurred_at'],
  staging: {
    store_id: 'text collate "C"', product_id: 'text collate "C"', kind: 'text collate "C"', quantity: 'integer', counted: 'integer',
    on_hand_after: 'integer', occurred_at: 'bigint',
  },
  read(row, remark) {
    const name = row.text('kind')
    const rule = movementKind(name)
    if (rule === null) throw new RowProblem('kind', `${JSON.stringify(name)} is not a kind of movement`)
    const at = [row.integer('on_hand_after'), row.time('occurred_at')] as const
    const where = [row.id('store_id'), row.id('product_id')] as const
    if (rule.kind === 'COUNT') return [...where, 'COUNT', null, row.integer('quantity', 0), ...at]
    const quantity = row.integer('quantity')
    if (!('sign' in rule)) {
      remark('LOST_SALE rows (asked for while none was there, so no stock moved): kept as an adjustment of 0, without the amount')
      return [...where, 'ADJUSTMENT', 0, null, ...at]
    }
    if (quantity === 0) throw new RowProblem('quantity', 'is 0: nothing moved')
    if (rule.sign !== 0 && Math.sign(quantity) !== rule.sign) {
      throw new RowProblem('quantity', `${quantity} has the wrong sign: ${rule.kind} ${rule.sign < 0 ? 'takes pieces away' : 'adds pieces'}`)
    }
    return [...where, rule.kind, quantity, null, ...at]
  },
  references: [
    { column: 'store_id', table: 'store', noun: 'store' },
    { column: 'product_id', table: 'product', noun: 'product' },
  ],
  key: [],
  async merge({ change }) {
    return change(`
      insert into movement (id, store_id, product_id, kind, quantity, counted, on_hand_after, occurred_at, recorded_at)
      select 'import-' || occurred_at || '-' || lpad((row_number() over (partition by store_id, product_id, occurred_at order by line))::text, 6, '0')
          || '-' || md5(length(store_id) || ':' || store_id || product_id),
        store_id, product_id, kind, quantity, counted, on_hand_after, occurred_at, occurred_at
      from staged
      on conflict (id) do update set kind = excluded.kind, quantity = excluded.quantity, counted = excluded.counted, on_hand_after = excluded.on_hand_after
      where (movement.kind, movement.quantity, movement.counted, movement.on_hand_after)
        is distinct from (excluded.kind, excluded.quantity, excluded.counted, excluded.on_hand_after)`)
  },
}
