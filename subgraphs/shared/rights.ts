import { AisleError } from '../../runtime/errors.ts'
import { everyStore, type Caller, type Role } from '../../runtime/identity/caller.ts'
import type { RequestEnvironment } from './context.ts'

/** Roles that work for the whole chain: what they read, and what they write, of any store. */
const wholeChain = { read: ['admin', 'analyst'], write: ['admin'] } as const satisfies Record<string, readonly Role[]>

/**
 * Staff are bound to their stores. Whether a role may use a field at all is the schema's matter; this is about which store.
 * @throws AisleError FORBIDDEN
 */
export function requireStoreRight({ caller }: RequestEnvironment, storeId: string, right: keyof typeof wholeChain): void {
  if (mayUseStore(caller, storeId, right)) return
  throw new AisleError('FORBIDDEN', `The caller is not of store ${storeId}.`, { details: { storeId } })
}

/** What concerns all stores at once. @throws AisleError FORBIDDEN */
export function requireChainRight({ caller }: RequestEnvironment, right: keyof typeof wholeChain): void {
  if (caller.unrestricted || hasSome(caller, wholeChain[right]) || (hasSome(caller, ['staff']) && caller.stores.includes(everyStore))) return
  throw new AisleError('FORBIDDEN', 'This concerns the whole chain, and the caller is bound to stores.')
}

/** A device speaks for itself alone; staff for the devices of their stores. @throws AisleError FORBIDDEN */
export function requireDeviceRight({ caller }: RequestEnvironment, deviceId: string, storeId: string | null, right: keyof typeof wholeChain): void {
  if (hasSome(caller, ['device']) && caller.device === deviceId) return
  // Of a device that nobody knows nothing is told, and nothing can be done to it.
  if (mayUseStore(caller, storeId ?? '', right)) return
  throw new AisleError('FORBIDDEN', `The caller may not speak for the device ${deviceId}.`, { details: { deviceId } })
}

function mayUseStore(caller: Caller, storeId: string, right: keyof typeof wholeChain): boolean {
  if (caller.unrestricted || hasSome(caller, wholeChain[right])) return true
  return hasSome(caller, ['staff']) && (caller.stores.includes(everyStore) || caller.stores.includes(storeId))
}

function hasSome({ roles }: Caller, wanted: readonly Role[]): boolean {
  return wanted.some((role) => roles.includes(role))
}
