import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from '../../runtime/identity/caller.ts'
import type { ContextSigner } from '../../runtime/identity/context.ts'
import type { Identity } from '../../runtime/identity/identity.ts'
import { createScope, propagate } from '../subgraphs/headers.ts'
import type { RequestScope } from '../subgraphs/types.ts'

/** Finds out who asks, and what subgraphs are told of it. */
export class Callers {
  readonly identity: Identity
  readonly #signer: ContextSigner | null
  readonly #propagated: readonly string[]

  /** @param signer vouches for callers before subgraphs; null where they share no secret with this gateway */
  constructor(identity: Identity, signer: ContextSigner | null, propagated: readonly string[]) {
    this.identity = identity
    this.#signer = signer
    this.#propagated = propagated
  }

  /** What goes with everything asked for one request. */
  scope(caller: Caller, headers: IncomingHttpHeaders, signal: AbortSignal): RequestScope {
    return createScope(propagate(headers, this.#propagated), signal, this.#signer === null ? null : { caller, signer: this.#signer })
  }
}
