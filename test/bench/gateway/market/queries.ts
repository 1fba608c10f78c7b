/** A request that targets are measured with. */
export interface Workload {
  readonly name: string
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  /** Sent with each request, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Where the load generator writes a number of its own into each request, eight digits long. */
export const counterMark = '00000000'

const fragments = `
fragment Person on User { id username name }
fragment Opinion on Review { id body }
fragment Goods on Product { inStock name price shippingEstimate upc weight }`

function heavyQuery(head: string, given: string): string {
  const history = `author { ...Person reviews${given} { ...Opinion product { ...Goods } } }`
  const shared = `reviews${given} { ...Opinion ${history} }`
  return `query ${head} {
  users { ...Person reviews${given} { ...Opinion product { ...Goods ${shared} } } }
  topProducts${given} { ...Goods ${shared} }
}${fragments}`
}

/** The public benchmark's query: seven fetches in four waves, an answer of 88 kB. */
export const heavy: Workload = { name: 'heavy', query: heavyQuery('Everything', '') }

/** Two fetches, an answer of 0.3 kB. */
export const small: Workload = { name: 'small', query: '{ topProducts(first: 5) { upc name price inStock } }' }

/** The heavy query where no two requests, and no two requests to subgraphs that carry the variable, are equal. */
export const distinctVariables: Workload = {
  name: 'distinct',
  query: heavyQuery('Distinct($visit: ID)', '(visit: $visit)'),
  variables: { visit: counterMark },
}

/** The small query, likewise. */
export const distinctSmall: Workload = {
  name: 'distinct small',
  query: 'query Distinct($visit: ID) { topProducts(first: 5, visit: $visit) { upc name price inStock } }',
  variables: { visit: counterMark },
}

/** A document that no request before has sent. */
export const distinctDocuments: Workload = { name: 'documents', query: `{ p${counterMark}: topProducts(first: 5) { upc name price inStock } }` }

export function bodyOf({ query, variables }: Workload): string {
  return JSON.stringify({ query, ...(variables === undefined ? {} : { variables }) })
}
