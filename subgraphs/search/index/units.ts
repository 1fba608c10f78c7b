/** How shoppers write units, by the one spelling the index keeps. Units of one letter are ones that follow a number. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  inch: ['inches', 'zoll'],
  cm: ['centimeter', 'centimeters', 'centimetre', 'centimetres'],
  mm: ['millimeter', 'millimeters', 'millimetre', 'millimetres'],
  m: ['meter', 'meters', 'metre', 'metres', 'mtr'],
  ft: ['foot', 'feet'],
  l: ['liter', 'liters', 'litre', 'litres', 'ltr'],
  ml: ['milliliter', 'milliliters', 'millilitre', 'millilitres'],
  g: ['gram', 'grams', 'gramme', 'grammes', 'gr'],
  kg: ['kilogram', 'kilograms', 'kilo', 'kilos'],
  oz: ['ounce', 'ounces'],
  lb: ['lbs', 'pound', 'pounds'],
  kb: ['kilobyte', 'kilobytes'],
  mb: ['megabyte', 'megabytes'],
  gb: ['gigabyte', 'gigabytes', 'gig', 'gigs'],
  tb: ['terabyte', 'terabytes'],
  mp: ['megapixel', 'megapixels', 'mpix'],
  w: ['watt', 'watts'],
  kw: ['kilowatt', 'kilowatts'],
  v: ['volt', 'volts'],
  ah: [],
  mah: [],
  hz: ['hertz'],
  khz: [],
  mhz: ['megahertz'],
  ghz: ['gigahertz'],
  pack: ['pk', 'packs'],
}

const canonical = new Map(Object.entries(spellings).flatMap(([unit, others]) => [unit, ...others].map((spelling) => [spelling, unit] as const)))

/** The one spelling of a unit ("litres" → "l"), or null for what is none. */
export function canonicalUnit(word: string): string | null {
  return canonical.get(word) ?? null
}
