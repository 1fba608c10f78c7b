// One product on a shelf label: black on white, nothing that moves.

import { barcode } from './barcode.js'
import { element } from './element.js'
import { shortName, sizeOf, stockText, unitPriceText } from './format.js'
import { priceTag, savingBadge } from './price.js'

export function label(product) {
  const { brand, price, availability, gtin } = product
  const size = sizeOf(product)
  const unitPrice = unitPriceText(product)
  return element(
    'li', `label ${availability.status}`,
    element('div', 'face',
      element('div', 'what', element('p', 'brand', brand ?? ''), element('h2', 'name', shortName(product)), size === null ? null : element('p', 'size', size)),
      element('div', 'cost', savingBadge(price), price ? priceTag(price) : element('p', 'price none', 'Price at the till'), unitPrice === null ? null : element('p', 'unit-price', unitPrice)),
      element('div', 'strip', element('p', 'stock', stockText(availability)), barcode(gtin)),
    ),
  )
}
