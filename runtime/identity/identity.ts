import { z } from 'zod'
import { AisleError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { bearerToken } from './bearer.ts'
import { developer, publicCaller, type Caller } from './caller.ts'
import { RemoteKeys } from './keys.ts'
import { TokenVerifier } from './verifier.ts'

/** Signature algorithms with a key pair, as JWA names them. */
const keyPairAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

const algorithms = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((text) => text.split(',')).map((text) => text.trim()).filter((text) => text !== ''))
  .refine((names) => names.length > 0 && names.every((name) => keyPairAlgorithms.includes(name)), `must be of ${keyPairAlgorithms.join(', ')}: a shared secret, or none, proves nothing here`)

/** The settings of a role that tell whose tokens it takes; spread into the role's own. */
export const identitySettings = {
  /** The `iss` of tokens, exactly. */
  oidcIssuer: z.url({ protocol: /^https?$/ }).optional(),
  /** The `aud` that a token must name. */
  oidcAudience: z.string().min(1).optional(),
  /** Where the issuer's keys are; found through its metadata without it. */
  oidcJwks: z.url({ protocol: /^https?$/ }).optional(),
  oidcAlgorithms: algorithms.optional(),
  /** Seconds. */
  oidcClockTolerance: z.coerce.number().int().min(0).max(600).optional(),
  oidcRolesClaim: z.string().min(1).optional(),
  /** Least time between two looks at the issuer's keys, in milliseconds. */
  oidcKeysCooldown: z.coerce.number().int().min(0).optional(),
  /** Without an issuer nobody is trusted, instead of everybody. */
  production: z.stringbool().or(z.boolean()).optional(),
} as const

type Settings = { readonly [Name in keyof typeof identitySettings]?: z.output<(typeof identitySettings)[Name]> }

const defaultAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']
const defaultToleranceSeconds = 30
const defaultCooldownMs = 30_000
const defaultStaleMs = 24 * 60 * 60_000

/** How a role finds out who asks. */
export interface Identity {
  /** `oidc` believes tokens; `public` none, and all are the public; `development` lets everybody do everything. */
  readonly mode: 'oidc' | 'public' | 'development'
  /** Seconds by which clocks may differ. */
  readonly clockToleranceSeconds: number
  /** Who asks without a token. */
  readonly everyone: Caller
  /** Who sent an Authorization header, if that is known without asking anyone; never throws. */
  known(authorization: string | undefined): Caller | null
  /**
   * Who sent an Authorization header; the public, who send none. A caller known of late comes at once.
   * @param graceSeconds how long after its end a token still counts
   * @throws AisleError UNAUTHENTICATED, IDENTITY_UNAVAILABLE
   */
  identify(authorization: string | undefined, graceSeconds?: number): Caller | Promise<Caller>
}

export interface IdentityOptions {
  readonly log: Logger
  /** Where the issuer's keys are kept over restarts. */
  readonly keysFile?: string
  /** How long the last keys count while the issuer cannot be reached, in milliseconds. */
  readonly staleMs?: number
  /** Others look at tokens, to whom they are passed on: where no issuer is configured, whoever brings one is the public here. */
  readonly passOn?: boolean
}

/** @throws AisleError CONFIG_INVALID when only a part of what is needed is given */
export function createIdentity(settings: Settings, { log, keysFile, staleMs = defaultStaleMs, passOn = false }: IdentityOptions): Identity {
  const { oidcIssuer: issuer, oidcAudience: audience, oidcClockTolerance: clockToleranceSeconds = defaultToleranceSeconds, production = false } = settings
  if (issuer === undefined) {
    if (audience !== undefined || settings.oidcJwks !== undefined) throw new AisleError('CONFIG_INVALID', 'The configuration cannot be used:\n  --oidc-issuer: name the issuer of the tokens')
    return withoutIssuer({ production, passOn }, clockToleranceSeconds, log)
  }
  if (audience === undefined) throw new AisleError('CONFIG_INVALID', 'The configuration cannot be used:\n  --oidc-audience: name the audience that tokens must be meant for')
  const keys = new RemoteKeys({ issuer, jwksUrl: settings.oidcJwks ?? null, file: keysFile ?? null, cooldownMs: settings.oidcKeysCooldown ?? defaultCooldownMs, staleMs, log })
  const verifier = new TokenVerifier({
    issuer,
    audience,
    algorithms: settings.oidcAlgorithms ?? defaultAlgorithms,
    clockToleranceSeconds,
    rolesClaim: settings.oidcRolesClaim ?? 'roles',
    findKey: keys.find,
  })
  return {
    mode: 'oidc',
    clockToleranceSeconds,
    everyone: publicCaller,
    known: (authorization) => knownCaller(authorization, verifier),
    identify(authorization, graceSeconds = 0) {
      const known = knownCaller(authorization, verifier)
      if (known !== null) return known
      const token = bearerToken(authorization)
      return token === null ? publicCaller : verifier.verify(token, graceSeconds)
    },
  }
}

const scheme = 'Bearer '

/** The way of nearly every request; whoever writes it otherwise takes the longer one. */
function knownCaller(authorization: string | undefined, verifier: TokenVerifier): Caller | null {
  if (authorization === undefined) return publicCaller
  return authorization.startsWith(scheme) ? verifier.known(authorization.slice(scheme.length)) : null
}

function withoutIssuer({ production, passOn }: { readonly production: boolean; readonly passOn: boolean }, clockToleranceSeconds: number, log: Logger): Identity {
  if (production && passOn) {
    log.warn('no issuer of tokens is configured (--oidc-issuer): tokens are passed on to subgraphs unread, and everybody is the public here')
    return { mode: 'public', clockToleranceSeconds, everyone: publicCaller, known: () => publicCaller, identify: () => publicCaller }
  }
  if (production) {
    log.warn('no issuer of tokens is configured (--oidc-issuer): everybody is the public, and what is protected is refused')
    return {
      mode: 'public',
      clockToleranceSeconds,
      everyone: publicCaller,
      known: (authorization) => (authorization === undefined ? publicCaller : null),
      identify(authorization) {
        if (bearerToken(authorization) === null) return publicCaller
        throw new AisleError('UNAUTHENTICATED', 'Tokens are not accepted here: no issuer is configured.', { details: { reason: 'no_issuer' } })
      },
    }
  }
  log.warn('development mode: no issuer of tokens is configured (--oidc-issuer), so everybody may do everything')
  const everybody = developer()
  return { mode: 'development', clockToleranceSeconds, everyone: everybody, known: () => everybody, identify: () => everybody }
}
