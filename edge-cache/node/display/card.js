// One product on a wall display.

import { element } from './element.js'
import { attribute, shortName, sizeOf, stockText, unitPriceText } from './format.js'
import { priceTag, savingBadge } from './price.js'

export function card(product) {
  const { brand, price, availability } = product
  const facts = [sizeOf(product), unitPriceText(product)].filter((fact) => fact !== null)
  const badges = [savingBadge(price), attribute(product, 'organic') === 'yes' ? element('p', 'organic', 'Organic') : null].filter((badge) => badge !== null)
  return element(
    'li', `card ${availability.status}`,
    element('div', 'heading', element('p', 'brand', brand ?? '\u00a0'), badges.length === 0 ? null : element('div', 'badges', ...badges)),
    element('h2', 'name', shortName(product)),
    facts.length === 0 ? null : element('p', 'facts', ...facts.map((fact) => element('span', '', fact))),
    element('div', 'foot', price ? priceTag(price) : element('p', 'price none', 'Price at the till'), element('p', 'stock', stockText(availability))),
  )
}
