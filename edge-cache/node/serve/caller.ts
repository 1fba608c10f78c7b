import type { Caller } from '../../../runtime/identity/caller.ts'
import type { Identity } from '../../../runtime/identity/identity.ts'

/** Says who asks this node, for HTTP and for sockets. */
export interface NodeCallers {
  /** Who asks without a token. */
  readonly everyone: Caller
  /** Who sent an Authorization header, if that is known at once; never throws. */
  known(authorization: string | undefined): Caller | null
  /** @throws AisleError UNAUTHENTICATED, IDENTITY_UNAVAILABLE */
  identify(authorization: string | undefined): Caller | Promise<Caller>
  /** How long after its end a token counts now, in seconds. */
  graceSeconds(): number
}

/**
 * Tokens are checked with the issuer's keys that this node keeps, so that staff can go on working while the link is down; for as long
 * as it is down they count for a grace beyond their end, for nobody could get another.
 * @param tokenGrace seconds
 */
export function nodeCallers(identity: Identity, online: () => boolean, tokenGrace: number): NodeCallers {
  const grace = (): number => (online() ? 0 : tokenGrace)
  return {
    everyone: identity.everyone,
    known: (authorization) => identity.known(authorization),
    identify: (authorization) => identity.identify(authorization, grace()),
    graceSeconds: () => identity.clockToleranceSeconds + grace(),
  }
}
