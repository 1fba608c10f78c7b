/** One property over which matches were counted, as the graph shows it. */
export interface Facet {
  readonly kind: 'BRAND' | 'CATEGORY' | 'ATTRIBUTE' | 'PRICE' | 'AVAILABILITY'
  readonly name: string
  readonly values: readonly FacetValue[]
}

export interface FacetValue {
  readonly value: string
  readonly label: string
  readonly count: number
}
