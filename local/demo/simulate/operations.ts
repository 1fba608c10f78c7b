/** The chain's stores with their devices. */
export const storesDocument = `query SimulationStores($after: String) {
  stores(first: 50, after: $after) {
    nodes { id timezone devices(first: 500) { nodes { id kind } } }
    pageInfo { hasNextPage endCursor }
  }
}`

/** What a store carries. */
export const stockDocument = `query SimulationStock($storeId: ID!, $after: String) {
  store(id: $storeId) {
    stock(first: 500, after: $after) {
      nodes { product { id } onHand reorderPoint }
      pageInfo { hasNextPage endCursor }
    }
  }
}`

/** What goes into a basket with a product. */
export const companionsDocument = `query SimulationCompanions($productId: ID!) {
  product(id: $productId) { boughtTogether(first: 10) { product { id } } }
}`

export const priceDocument = `query SimulationPrice($productId: ID!, $storeId: ID!) {
  product(id: $productId) { price(storeId: $storeId) { amount { amount currencyCode } listAmount { amount } } }
}`

export const movementDocument = `mutation SimulateMovement($input: StockMovementInput!) {
  recordStockMovement(input: $input) { availability { onHand reorderPoint } userErrors { code message } }
}`

export const setPriceDocument = `mutation SimulatePrice($input: SetPriceInput!) {
  setPrice(input: $input) { userErrors { code message } }
}`

export const readingsDocument = `mutation SimulateReadings($input: ReportReadingsInput!) {
  reportReadings(input: $input) { accepted userErrors { code message } }
}`
