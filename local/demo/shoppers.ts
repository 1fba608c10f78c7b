import { kinds, type Kind } from './catalogue/parse.ts'
import type { DemoProduct } from './catalogue/products.ts'
import { random, unit, type Random } from './random.ts'
import { themes, type Theme } from './themes.ts'
import type { DemoStore } from './stores.ts'
import type { World } from './world.ts'

/** Somebody with habits. */
export interface Shopper {
  readonly index: number
  readonly id: string
  /** How much each theme (in the order of `themes`) means to the household; 0 where nothing. */
  readonly tastes: readonly number[]
  /** Kinds that are in nearly every basket. */
  readonly habits: readonly Kind[]
}

const kindsOf = new Map(themes.map((theme) => [theme.name, kinds.filter((kind) => kind.themes.includes(theme.name))]))
const staples = kinds.filter((kind) => kind.themes.includes('staples'))

/** The regular customers of a store. */
export function shoppersOf(world: World, store: DemoStore): Shopper[] {
  const count = Math.round(140 * store.size)
  return Array.from({ length: count }, (_, at) => {
    const index = store.index * 1000 + at
    const dice = random(`${world.seed}/shopper/${index}`)
    return {
      index,
      id: `C${String(index).padStart(5, '0')}`,
      tastes: themes.map((theme) => (dice.chance(theme.households / 12) ? 0.3 + dice.next() : 0)),
      habits: dice.shuffle(staples).slice(0, dice.between(2, 4)),
    }
  })
}

/** Somebody passing by: no habits known, the tastes of everybody. */
export const passerBy: Shopper = { index: -1, id: '', tastes: themes.map((theme) => theme.households / 12), habits: [] }

export interface BasketItem {
  readonly product: DemoProduct
  readonly quantity: number
}

/** What a shopper buys on a day: one or two themes that suit the household, the month and the weekday, and habits. */
export function fillBasket(world: World, store: DemoStore, shopper: Shopper, day: Date, dice: Random): BasketItem[] {
  const wanted = new Set<Kind>()
  for (const habit of shopper.habits) if (dice.chance(0.45)) wanted.add(habit)
  const weights = themes.map((theme, at) => (shopper.tastes[at] ?? 0) * appeal(theme, day))
  const visits = dice.chance(0.35) ? 2 : 1
  for (let visit = 0; visit < visits; visit += 1) {
    const theme = themes[dice.weighted(weights)]
    if (theme === undefined) continue
    const [least, most] = theme.items
    const candidates = kindsOf.get(theme.name) ?? []
    for (const kind of dice.shuffle(candidates).slice(0, dice.between(least, most))) wanted.add(kind)
  }
  if (dice.chance(0.3)) wanted.add(dice.pick(kinds))
  if (wanted.size === 0) wanted.add(dice.pick(staples))
  const basket = new Map<number, BasketItem>()
  for (const kind of wanted) {
    const product = chooseProduct(world, store, shopper, kind, dice)
    if (product !== null && !basket.has(product.index)) basket.set(product.index, { product, quantity: pieces(kind, dice) })
  }
  return [...basket.values()]
}

function appeal(theme: Theme, day: Date): number {
  return (theme.months[day.getUTCMonth()] ?? 1) * (theme.weekdays[day.getUTCDay()] ?? 1)
}

/** Most take what they always take; otherwise what sells best is taken most often. */
function chooseProduct(world: World, store: DemoStore, shopper: Shopper, kind: Kind, dice: Random): DemoProduct | null {
  const range = world.byKind[kind.index] ?? []
  if (range.length === 0) return null
  const loyal = shopper.index >= 0 && dice.chance(0.75)
  let place = loyal ? unit(world.seedNumber, shopper.index, kind.index) : dice.next()
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const product = range[Math.floor(place ** 2.2 * range.length)]
    if (product !== undefined && world.carries(store, product)) return product
    place = loyal ? unit(world.seedNumber, shopper.index, kind.index + 1000 * (attempt + 1)) : dice.next()
  }
  return null
}

function pieces(kind: Kind, dice: Random): number {
  if (kind.themes.includes('cat') || kind.themes.includes('baby')) return dice.between(1, 5)
  return dice.chance(0.22) ? dice.between(2, 4) : 1
}
