import type { IncomingHttpHeaders } from 'node:http'
import { AisleError } from '../../runtime/errors.ts'
import { developer, type Caller } from '../../runtime/identity/caller.ts'
import { contextHeader, ContextVerifier, readContextSecrets } from '../../runtime/identity/context.ts'
import type { Logger } from '../../runtime/log.ts'

/** The header that names who asks on a development machine, where nobody has to prove it. It is never read where a secret is configured. */
export const principalHeader = 'x-aisle-principal'

/** Who sent a request. @throws AisleError UNAUTHENTICATED */
export type Authenticate = (headers: IncomingHttpHeaders) => Caller | Promise<Caller>

/** Everybody is who they say they are, and may do everything. */
export const believeEverybody: Authenticate = ({ [principalHeader]: name }) => developer(typeof name === 'string' && name !== '' ? name : undefined)

interface Settings {
  readonly contextSecret?: string | undefined
  readonly contextSecretFile?: string | undefined
  readonly production?: boolean | undefined
}

/**
 * How a subgraph finds out who asks: by the word of its gateway, where they share a secret.
 * @throws AisleError CONFIG_INVALID in production without a secret
 */
export async function createAuthenticate(settings: Settings, log: Logger): Promise<Authenticate> {
  const secrets = await readContextSecrets(settings)
  if (secrets.length > 0) {
    const verifier = new ContextVerifier(secrets)
    return ({ [contextHeader]: context }) => verifier.verify(context)
  }
  if (settings.production === true) {
    throw new AisleError('CONFIG_INVALID', 'The configuration cannot be used:\n  --context-secret-file: in production a subgraph needs the secret that it shares with its gateway')
  }
  log.warn('development mode: no secret is shared with a gateway (AISLE_CONTEXT_SECRET), so whoever reaches this subgraph may do everything')
  return believeEverybody
}
