// What a listener is told when the screen changes.

import { moneyText, stockText } from './format.js'

/** Sentences on what differs between two lists of products, prices and stock only. */
export function changesOf(before, after) {
  const known = new Map(before.map((product) => [product.id, product]))
  return after.flatMap((product) => {
    const old = known.get(product.id)
    if (old === undefined) return [`New: ${product.name}${product.price ? `, ${moneyText(product.price.amount)}` : ''}`]
    const told = []
    if (product.price && product.price.amount.amount !== old.price?.amount.amount) told.push(`${product.name} is now ${moneyText(product.price.amount)}`)
    if (product.availability.status !== old.availability.status) told.push(`${product.name}: ${stockText(product.availability)}`)
    return told
  })
}

/** As much as can be listened to. */
export function sentencesOf(told, most = 3) {
  const rest = told.length - most
  return [...told.slice(0, most), ...(rest > 0 ? [`${rest} more changed`] : [])].join('. ')
}
