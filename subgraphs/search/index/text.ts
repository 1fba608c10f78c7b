import { canonicalUnit } from './units.ts'

/** One thing a text says, between its separators. */
export interface Word {
  /** Folded, as written. */
  readonly surface: string
  /** What the index holds for it. */
  readonly token: string
  /**
   * Another token that says this word and its neighbours at once, where shoppers write them both ways:
   * "usb-c" → usbc, "1.5 l" → 1.5l. Stands at the last of the words it joins.
   */
  readonly joined: { readonly token: string; readonly words: number } | null
}

const letters = new Map([['ß', 'ss'], ['æ', 'ae'], ['œ', 'oe'], ['ø', 'o'], ['đ', 'd'], ['ð', 'd'], ['ł', 'l'], ['þ', 'th'], ['ı', 'i']])
const compound = /[\p{L}\p{M}\p{N}]+(?:[-./&+_][\p{L}\p{M}\p{N}]+)*/gu
const mostJoined = 4
const longestToken = 40

/** Lower case without the marks of Latin, Greek and Cyrillic letters; compatibility forms become the plain ones. */
export function fold(text: string): string {
  if (plain.test(text)) return foldMeasures(text.replaceAll(inchMark, ' inch ').toLowerCase())
  return foldMeasures(foldLetters(text))
}

/** Nothing but ASCII, as most texts are: there is no mark or form to fold. */
const plain = /^[\p{ASCII}]*$/u
const inchMark = /(?<=\d)\s?["″”]/gu

/** What shoppers write in and between numbers and names. */
function foldMeasures(text: string): string {
  return text
    .replaceAll(/(?<=\p{L})['’](?=\p{L})/gu, '')
    .replaceAll(/(?<=\d),(?=\d{1,2}(?![\d,]))/g, '.')
}

function foldLetters(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[™®©]/gu, ' ')
    .replaceAll(inchMark, ' inch ')
    .normalize('NFKD')
    .replaceAll(/(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{M}+/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[ßæœøđðłþı]/gu, (letter) => letters.get(letter) ?? letter)
}

/** The words of a text in order. Tokens hold nothing but letters, marks, digits and a decimal point. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  for (const [run] of fold(text).matchAll(compound)) {
    const parts = partsOf(run)
    for (const [at, part] of parts.entries()) {
      const last = at > 0 && at === parts.length - 1
      words.push({ surface: part, token: stem(part), joined: last ? joinParts(parts) : joinUnit(words.at(-1), part) })
    }
  }
  return words
}

/** "i7-8700" → i7, 8700; "startech.com" → startech, com; "802.11b" stays; "16gb" → 16, gb. */
function partsOf(run: string): string[] {
  if (simple.test(run)) return [run]
  return run
    .split(/[-/&+_]/)
    .flatMap((piece) => (/^\d+(\.\d+)+\p{L}*$/u.test(piece) ? [piece] : piece.split('.')))
    .flatMap(splitMeasure)
    .map((part) => part.slice(0, longestToken))
}

/** Letters alone, as most runs are: nothing to take apart. */
const simple = /^[a-z]{1,40}$/

function splitMeasure(part: string): readonly string[] {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(\p{L}+)$/u.exec(part) ?? []
  return number === undefined || unit === undefined || canonicalUnit(unit) === null ? [part] : [number, unit]
}

function joinParts(parts: readonly string[]): Word['joined'] {
  const unit = parts.length === 2 ? joinUnit({ surface: parts[0] ?? '' }, parts[1] ?? '') : null
  if (unit !== null) return unit
  const token = parts.join('')
  return parts.length <= mostJoined && token.length <= longestToken ? { token: stem(token), words: parts.length } : null
}

/** A number and the unit behind it, as one token. */
function joinUnit(before: Pick<Word, 'surface'> | undefined, word: string): Word['joined'] {
  if (before === undefined || !/^\d+(\.\d+)?$/.test(before.surface)) return null
  const unit = canonicalUnit(word)
  return unit === null ? null : { token: `${before.surface.replace(/\.0+$/, '')}${unit}`, words: 2 }
}

/**
 * Takes the plural off an English word, and leaves alone what it is not sure of.
 * The "S" stemmer of Harman, "How effective is suffixing?", JASIS 42 (1991).
 */
export function stem(word: string): string {
  if (word.length < 4 || !/^[a-z]+s$/.test(word)) return word
  if (/(?<![ea])ies$/.test(word)) return `${word.slice(0, -3)}y`
  if (/(?:ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2)
  if (/[aeo]es$/.test(word) || /(?:us|ss|is)$/.test(word)) return word
  return word.slice(0, -1)
}

/** Words that spelling correction may learn from and mend: letters only, long enough for an error to be told from another word. */
export function isCorrectable(surface: string): boolean {
  return surface.length >= 3 && surface.length <= 24 && /^[\p{L}\p{M}]+$/u.test(surface)
}
