import type { ProductRow } from '../../storage/database.ts'
import type { fields } from './tables.ts'
import { isCorrectable, wordsOf, type Word } from './text.ts'

/** A product as the index takes it in. */
export interface SearchDocument {
  readonly productId: string
  readonly categoryId: string | null
  readonly brand: string | null
  /** Tokens of each text column, with spaces between. */
  readonly text: Readonly<Record<keyof typeof fields, string>>
  /** Surfaces of the words that spelling correction may learn, each once. */
  readonly words: readonly string[]
  readonly attributes: readonly (readonly [name: string, value: string])[]
}

/** @param categoryNames names from the top level down to the product's category. */
export function documentOf(product: ProductRow, categoryNames: readonly string[]): SearchDocument {
  const attributes = JSON.parse(product.attributes) as [string, string][]
  const texts = {
    name: wordsOf(product.name),
    category: wordsOf(categoryNames.join(' / ')),
    brand: wordsOf(product.brand ?? ''),
    description: wordsOf(product.description ?? ''),
    attributes: wordsOf(attributes.map(([name, value]) => attributeText(name, value)).join(' ; ')),
  }
  const words = new Set<string>()
  for (const { surface } of Object.values(texts).flat()) if (isCorrectable(surface)) words.add(surface)
  return {
    productId: product.id,
    categoryId: product.category_id,
    brand: product.brand,
    text: {
      name: tokensOf(texts.name),
      category: tokensOf(texts.category),
      brand: tokensOf(texts.brand),
      description: tokensOf(texts.description),
      attributes: tokensOf(texts.attributes),
    },
    words: [...words],
    attributes,
  }
}

/** A bare number says nothing without its name, and few search for it; what an attribute says in words, they do. */
function attributeText(name: string, value: string): string {
  return /^[\d\s.,x/*-]*$/.test(value) || /^(?:y|n|yes|no|true|false)$/i.test(value) ? '' : `${name} ${value}`
}

/** Joined tokens go behind the words, so that words next to each other stay so. */
function tokensOf(words: readonly Word[]): string {
  const joined = words.flatMap((word) => (word.joined === null ? [] : [word.joined.token]))
  return [...words.map((word) => word.token), ...joined].join(' ')
}
