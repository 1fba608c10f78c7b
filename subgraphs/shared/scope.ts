import { AisleError } from '../../runtime/errors.ts'
import type { RequestEnvironment } from './context.ts'

/** @throws AisleError OUT_OF_SCOPE for a store whose own data is not held here. */
export function requireHeld(environment: RequestEnvironment, storeId: string): void {
  if (!environment.holdsStore(storeId)) throw new AisleError('OUT_OF_SCOPE', `The data of store ${storeId} is not held here.`, { details: { storeId } })
}

/** True where every store's data is held: in the cloud, or on the node of a chain with one store. */
export async function holdsWholeChain(environment: RequestEnvironment): Promise<boolean> {
  environment.reads?.note(['store'])
  const stores = await environment.storage.db.selectFrom('store').select('id').execute()
  return stores.every(({ id }) => environment.holdsStore(id))
}
