import type { Facet } from './facet.ts'

/** How many of the matches the store has on hand; told even where it has none of them. */
export function stockFacet(inStock: number): Facet {
  return { kind: 'AVAILABILITY', name: 'Availability', values: [{ value: 'IN_STOCK', label: 'In stock', count: inStock }] }
}
