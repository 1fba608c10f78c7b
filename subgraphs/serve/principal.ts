import type { IncomingHttpHeaders } from 'node:http'

/** The header in which a gateway or a store's node names who asks. Subgraphs stand behind them, never on the open network. */
export const principalHeader = 'x-aisle-principal'

/** Who asks, where no one said. */
export const anonymous = 'anonymous'

export function principalOf(headers: IncomingHttpHeaders): string {
  const value = headers[principalHeader]
  return typeof value === 'string' && value !== '' ? value : anonymous
}
