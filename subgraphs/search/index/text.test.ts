import { expect, test } from '@jest/globals'
import { damerauDistance } from './distance.ts'
import { stem, wordsOf } from './text.ts'

const tokens = (text: string): string[] => wordsOf(text).map(({ token }) => token)
const joined = (text: string): string[] => wordsOf(text).flatMap((word) => word.joined?.token ?? [])

test.each([
  ['Küche SØREN straße', ['kuche', 'soren', 'strasse']],
  ["men's watches & batteries", ['men', 'watch', 'battery']],
  ['Core™2 Duo ﬁlter', ['core', '2', 'duo', 'filter']],
  ['802.11b/g StartTech.com', ['802.11b', 'g', 'starttech', 'com']],
  ['日本 한국어', ['日本', '한국어']],
  ['… ™ 🎧', []],
])('words of %s', (text, expected) => {
  expect(tokens(text)).toEqual(expected)
})

test.each([
  [['17"', '17 inches', '17-inch', '17″', '17inch'], '17inch'],
  [['1.5 l', '1,5 Liter', '1.5-litre', '1.5L'], '1.5l'],
  [['16GB', '16 gb', '16 gigabytes'], '16gb'],
  [['USB-C', 'usb-c'], 'usbc'],
  [['i7-8700', 'I7-8700'], 'i78700'],
])('%j are one thing', (spellings, token) => {
  for (const spelling of spellings) expect(joined(spelling)).toEqual([token])
})

test.each([['cables', 'cable'], ['glasses', 'glass'], ['boxes', 'box'], ['glass', 'glass'], ['bus', 'bus'], ['ps', 'ps'], ['movies', 'movy'], ['ps4s', 'ps4s']])(
  'the stem of %s is %s',
  (word, expected) => {
    expect(stem(word)).toBe(expected)
  },
)

test.each([['cable', 'cable', 0], ['cabel', 'cable', 1], ['cble', 'cable', 1], ['cabble', 'cable', 1], ['cxble', 'cable', 1], ['', 'abc', 3], ['ca', 'abc', 3]])(
  'from %s to %s it is %d',
  (a, b, expected) => {
    expect(damerauDistance(a, b)).toBe(expected)
    expect(damerauDistance(b, a)).toBe(expected)
  },
)
