import { element } from './element.js'
import { moneyParts, moneyText, saving } from './format.js'

/** A price in large type, its cents raised; read out as one amount. */
export function priceTag({ amount, listAmount }) {
  const { currency, whole, fraction, currencyFirst } = moneyParts(amount)
  const sign = element('span', 'currency', currency)
  const digits = [element('span', 'whole', whole), fraction === '' ? null : element('span', 'fraction', fraction)]
  const picture = element('span', 'amount', ...(currencyFirst ? [sign, ...digits] : [...digits, sign]))
  picture.style.setProperty('--digits', String(whole.length))
  picture.setAttribute('aria-hidden', 'true')
  const tag = element('p', 'price', picture, element('span', 'unseen', moneyText(amount)))
  const percent = saving({ amount, listAmount })
  if (percent !== null) tag.append(element('span', 'was', element('span', 'unseen', 'was '), element('s', '', moneyText(listAmount))))
  return tag
}

/** How much is saved; null where nothing is. */
export function savingBadge(price) {
  const percent = price && saving(price)
  if (!percent) return null
  const picture = element('span', '', `−${percent}%`)
  picture.setAttribute('aria-hidden', 'true')
  return element('p', 'saving', picture, element('span', 'unseen', `${percent} per cent off`))
}
