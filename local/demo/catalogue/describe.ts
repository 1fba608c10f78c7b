import { unit } from '../random.ts'
import type { Brand, Kind } from './parse.ts'

/** What a thing is good for, by what it is bought for. */
const uses: Readonly<Record<string, readonly string[]>> = {
  breakfast: ['A good start to a slow Saturday.', 'Goes with whatever the breakfast table has.', 'Made for early mornings.'],
  pasta: ['All it takes for a quick evening at the stove.', 'Try it with olive oil and a handful of herbs.', 'For the night when everyone wants seconds.'],
  pizza: ['Best from a very hot oven.', 'For pizza night at home.'],
  barbecue: ['A regular guest at every barbecue.', 'For long evenings around the grill.', 'Bring enough for the neighbours.'],
  salad: ['Lifts a plain green salad.', 'For lunches that stay light.', 'Good in a bowl with grains and greens.'],
  tacos: ['Belongs on the table when everyone fills their own.', 'For taco night.'],
  movie: ['Company for a long film.', 'Gone before the credits, usually.'],
  party: ['Put out plenty when friends come round.', 'For evenings that go on longer than planned.'],
  baking: ['A friend of cakes and Sunday baking.', 'At home next to the mixing bowl.'],
  teatime: ['For the quiet half hour in the afternoon.', 'Lovely with a fresh pot of tea.'],
  coffee: ['For the first cup and the third.', 'Suits filter, press and moka pot.'],
  lunch: ['Makes a packed lunch worth opening.', 'Quick to put together at noon.'],
  fitness: ['For before or after a run.', 'A sensible bite on busy days.'],
  cold: ['Good to have in the house when the nights turn cold.', 'For days under a blanket.'],
  summer: ['For warm days.', 'A summer favourite.'],
  family: ['Big and small eaters agree on this one.', 'Handy to have in a full house.'],
  staples: ['One of those things that should never run out.', 'For every day.'],
  cleaning: ['Makes short work of the weekly round.', 'A little goes a long way.'],
  care: ['Part of a simple daily routine.', 'Kind to you and to the drain.'],
  baby: ['Made with the smallest in mind.', 'Checked by midwives and parents.'],
  cat: ['Fussy cats come back for it.', 'Approved by the one who runs the house.'],
  dog: ['Tails up at the rustle of the pack.', 'For walks in any weather.'],
}

const keeping: Readonly<Record<Kind['storage'], readonly string[]>> = {
  ambient: ['Keep in a cool, dry place.', 'Close well after opening.', ''],
  chilled: ['Keep chilled at up to 7 °C.', 'Keep chilled and use soon after opening.', 'Best within three days of opening, chilled.'],
  frozen: ['Keep at -18 °C; do not refreeze.', 'Straight from the freezer, no thawing needed.'],
}

const openings: readonly ((brand: string, variant: string, kind: string, phrase: string) => string)[] = [
  (brand, variant, kind, phrase) => `${variant} ${kind} by ${brand}, ${phrase}.`,
  (brand, variant, kind, phrase) => `${brand} makes this ${variant} ${kind} as it should be: ${phrase}.`,
  (brand, variant, kind, phrase) => `${capital(phrase)}: ${variant} ${kind} from ${brand}.`,
  (brand, variant, kind, phrase) => `${brand}'s ${variant} ${kind}: ${phrase}.`,
]

/** A few sentences on one product. `place` is its number, so that neighbours on a shelf do not read alike. */
export function describeProduct(kind: Kind, brand: Brand, variant: string, size: string, place: number): string {
  const choose = <T>(list: readonly T[], salt: number): T | undefined => list[Math.floor(unit(kind.index, place, salt) * list.length)]
  const opening = choose(openings, 1)?.(brand.name, variant, kind.name.toLowerCase(), kind.phrase) ?? ''
  const theme = choose(kind.themes, 2) ?? ''
  return [
    opening,
    choose(uses[theme] ?? [], 3) ?? '',
    brand.tier === 'organic' ? 'Certified organic.' : brand.tier === 'premium' ? 'A small maker, and it shows.' : '',
    size.includes(' x ') ? `A pack of ${size.split(' x ')[0] ?? ''}.` : '',
    choose(keeping[kind.storage], 4) ?? '',
  ].filter((sentence) => sentence !== '').join(' ')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
