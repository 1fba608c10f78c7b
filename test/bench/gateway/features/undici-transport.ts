/** What stands in for our own connections. */
export { PoolTransport as Http1Transport } from '../../../../gateway/subgraphs/pool-transport.ts'
