// EAN-13 after the GS1 General Specifications, section 5.2: the first digit chooses which of the left six are in the odd and the even set.

const odd = ['0001101', '0011001', '0010011', '0111101', '0100011', '0110001', '0101111', '0111011', '0110111', '0001011']
const right = odd.map((bits) => bits.replace(/[01]/g, (bit) => (bit === '0' ? '1' : '0')))
const even = right.map((bits) => Array.from(bits).toReversed().join(''))
const parities = ['OOOOOO', 'OOEOEE', 'OOEEOE', 'OOEEEO', 'OEOOEE', 'OEEOOE', 'OEEEOO', 'OEOEOE', 'OEOEEO', 'OEEOEO']

/** The 95 modules of a code, '1' for black; null where the number is none, or its check digit is wrong. */
export function modulesOf(gtin) {
  if (typeof gtin !== 'string' || !/^\d{13}$/.test(gtin)) return null
  const digits = Array.from(gtin, Number)
  const sum = digits.slice(0, 12).reduce((total, digit, at) => total + digit * (at % 2 === 0 ? 1 : 3), 0)
  if ((10 - (sum % 10)) % 10 !== digits[12]) return null
  const parity = parities[digits[0]]
  const left = digits.slice(1, 7).map((digit, at) => (parity[at] === 'O' ? odd : even)[digit])
  return ['101', ...left, '01010', ...digits.slice(7).map((digit) => right[digit]), '101'].join('')
}

/** The bars as a picture that is told by its number; null where there is no valid number. */
export function barcode(gtin) {
  const modules = modulesOf(gtin)
  if (modules === null) return null
  const space = 'http://www.w3.org/2000/svg'
  const picture = document.createElementNS(space, 'svg')
  // The quiet zones: 11 modules on the left, 7 on the right.
  picture.setAttribute('viewBox', '-11 0 113 40')
  picture.setAttribute('preserveAspectRatio', 'none')
  picture.setAttribute('class', 'barcode')
  picture.setAttribute('role', 'img')
  picture.setAttribute('aria-label', `Barcode ${gtin}`)
  const bars = document.createElementNS(space, 'path')
  bars.setAttribute('d', [...modules.matchAll(/1+/g)].map(({ index, 0: { length } }) => `M${index} 0h${length}v40h-${length}z`).join(''))
  picture.append(bars)
  return picture
}
