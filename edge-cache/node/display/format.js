// Values as people read them.

const statuses = { IN_STOCK: 'In stock', LOW_STOCK: 'Only a few left', OUT_OF_STOCK: 'Sold out', NOT_CARRIED: 'Not sold here' }

export function moneyText({ amount, currencyCode }) {
  return moneyFormat(currencyCode).format(Number(amount))
}

/** The parts of a price, to set them in different sizes: { currency, whole, fraction, currencyFirst }. */
export function moneyParts({ amount, currencyCode }) {
  const parts = moneyFormat(currencyCode).formatToParts(Number(amount))
  const of = (...types) => parts.filter(({ type }) => types.includes(type)).map(({ value }) => value).join('')
  const currencyFirst = parts.findIndex(({ type }) => type === 'currency') < parts.findIndex(({ type }) => type === 'integer')
  return { currency: of('currency'), whole: of('minusSign', 'integer', 'group'), fraction: of('fraction'), currencyFirst }
}

function moneyFormat(currency) {
  return new Intl.NumberFormat(undefined, { style: 'currency', currency })
}

export function stockText({ status, onHand }) {
  return status === 'LOW_STOCK' && onHand > 0 ? `Only ${onHand} left` : statuses[status]
}

/** How much cheaper it is than usual, in whole per cent; null where it is not. */
export function saving({ amount, listAmount }) {
  if (!listAmount) return null
  const percent = Math.round(100 * (1 - Number(amount.amount) / Number(listAmount.amount)))
  return percent > 0 ? percent : null
}

export function attribute({ attributes }, name) {
  return attributes.find((each) => each.name.toLowerCase() === name)?.value ?? null
}

/** The size of a pack: its attribute. */
export function sizeOf(product) {
  return attribute(product, 'size')
}

/** The name without the brand and size that stand beside it anyway. */
export function shortName(product) {
  const { name, brand } = product
  const size = sizeOf(product)
  let short = brand && name.startsWith(`${brand} `) ? name.slice(brand.length + 1) : name
  if (size !== null && short.endsWith(` ${size}`)) short = short.slice(0, -size.length - 1)
  return short
}

/** The units that a price is compared in, and how many of what is on the pack make one. */
const units = { g: ['kg', 1000], kg: ['kg', 1], ml: ['l', 1000], cl: ['l', 100], l: ['l', 1] }

/** The price of a kilogram or litre, as '4.98 € / kg'; null where the size does not tell. */
export function unitPriceText(product) {
  const found = /^(?:(\d+) ?x ?)?(\d+(?:[.,]\d+)?) ?(g|kg|ml|cl|l)$/i.exec(sizeOf(product) ?? '')
  if (found === null || !product.price) return null
  const [, packs = '1', count, unit] = found
  const [per, divisor] = units[unit.toLowerCase()]
  const amount = (Number(product.price.amount.amount) * divisor) / (Number(packs) * Number(count.replace(',', '.')))
  return Number.isFinite(amount) ? `${moneyText({ amount, currencyCode: product.price.amount.currencyCode })} / ${per}` : null
}

/** How long, in the unit that suits; `step` is the finest in seconds. */
export function ageText(seconds, step) {
  if (seconds < 90 && step < 60) return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`
  if (seconds < 60) return 'less than a minute'
  const [count, unit] = seconds < 5_400 ? [Math.round(seconds / 60), 'minute'] : seconds < 172_800 ? [Math.round(seconds / 3_600), 'hour'] : [Math.round(seconds / 86_400), 'day']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** The time of day in the store; where its time zone is none that this screen knows, on this screen. */
export function clockText(asOf, timeZone) {
  const time = { hour: '2-digit', minute: '2-digit' }
  try {
    return new Intl.DateTimeFormat(undefined, timeZone ? { ...time, timeZone } : time).format(new Date(asOf))
  } catch {
    return new Intl.DateTimeFormat(undefined, time).format(new Date(asOf))
  }
}
