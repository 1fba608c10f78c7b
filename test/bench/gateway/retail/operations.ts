import { readFile } from 'node:fs/promises'
import { schemaFile } from '../../../../schema/files.ts'
import type { Manifest } from '../../../../schema/manifest.ts'
import type { Workload } from '../market/queries.ts'
import type { Facts } from './chain.ts'

/** Three of the persisted operations, as clients send them most: a page of a search with its facets, a product's page, a store's stock. */
export async function retailWorkloads({ brand, storeId, productId }: Facts): Promise<readonly Workload[]> {
  const { operations } = JSON.parse(await readFile(schemaFile('manifest.json'), 'utf8')) as Manifest
  const variables = {
    SearchProducts: { query: brand, storeId },
    ProductPage: { id: productId, storeId },
    StoreStock: { storeId },
  }
  return Object.entries(variables).map(([name, given]) => {
    const query = operations.find((operation) => operation.name === name)?.body
    if (query === undefined) throw new Error(`the manifest has no operation ${name}`)
    return { name, query, variables: given }
  })
}
