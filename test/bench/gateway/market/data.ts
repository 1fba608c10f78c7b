import { reviewText } from './texts.ts'

/*
 * A market of the same make as that of the public federation benchmark (graphql-hive/graphql-gateways-benchmark): as many users, products
 * and reviews, texts of the same lengths, the same relations between them, so that answers are as large and plans are the same.
 */

export interface User {
  readonly id: string
  readonly name: string
  readonly username: string
  readonly birthday: number
}

export interface Product {
  readonly upc: string
  readonly name: string
  readonly price: number
  readonly weight: number
  readonly inStock: boolean
}

export interface Review {
  readonly id: string
  readonly body: string
  readonly upc: string
}

const names = ['Ada Lindqvist', 'Bruno Castel', 'Carmen Iglesias', 'Deniz Aksoy', 'Edda Thoren', 'Farid Nassar']

export const users: readonly User[] = names.map((name, index) => ({
  id: String(index + 1),
  name,
  username: name.toLowerCase().replace(' ', ''),
  birthday: 1_234_567_890,
}))

export const products: readonly Product[] = [
  { upc: '1', name: 'Table', price: 899, weight: 100, inStock: true },
  { upc: '2', name: 'Couch', price: 1_299, weight: 1_000, inStock: false },
  { upc: '3', name: 'Glass', price: 15, weight: 20, inStock: false },
  { upc: '4', name: 'Chair', price: 499, weight: 100, inStock: false },
  { upc: '5', name: 'Radio', price: 1_299, weight: 1_000, inStock: true },
  { upc: '6', name: 'Lamp', price: 6_999, weight: 300, inStock: true },
  { upc: '7', name: 'Grill', price: 3_999, weight: 2_000, inStock: true },
  { upc: '8', name: 'Fridge', price: 100_000, weight: 6_000, inStock: false },
  { upc: '9', name: 'Sofa', price: 9_999, weight: 800, inStock: true },
]

/** Product and length of each review's text. */
const written: readonly (readonly [upc: string, length: number])[] = [
  ['1', 445], ['1', 289], ['1', 276], ['1', 143], ['2', 445], ['2', 289], ['2', 276], ['2', 143], ['3', 143], ['4', 143], ['4', 843],
]

export const reviews: readonly Review[] = written.map(([upc, length], index) => ({ id: String(index + 1), upc, body: reviewText(index, length) }))

/** What every user has written, whoever it is: as in the public benchmark, where it keeps answers of a size. */
export const reviewsOfUser: readonly Review[] = reviews.slice(0, 2)

/** Dear things are shipped for free; null where price or weight is unknown. */
export function shippingEstimate(price: number | null | undefined, weight: number | null | undefined): number | null {
  if (typeof price === 'number' && price > 1_000) return 0
  return typeof price === 'number' && typeof weight === 'number' ? Math.trunc(weight / 2) : null
}
