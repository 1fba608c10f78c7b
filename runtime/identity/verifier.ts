import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { AisleError } from '../errors.ts'
import { isObject } from '../json.ts'
import { BoundedMap } from './bounded.ts'
import { createCaller, type Caller } from './caller.ts'

export interface VerifierOptions {
  readonly issuer: string
  readonly audience: string
  /** Signature algorithms that count; never `none`, never one with a shared secret. */
  readonly algorithms: readonly string[]
  readonly clockToleranceSeconds: number
  /** Where a token names roles: a claim, or a path to it with dots. */
  readonly rolesClaim: string
  readonly findKey: JWTVerifyGetKey
}

/** Longer tokens are refused before anything is read of them, in characters. */
const mostCharacters = 8 * 1024
/** Tokens remembered as good. */
const rememberedTokens = 5_000
/** How long a token counts as good without another look at its signature, in milliseconds: a key that was withdrawn ends with it. */
const rememberedMs = 60_000

interface Remembered {
  readonly caller: Caller
  /** Monotonic milliseconds. */
  readonly until: number
}

/** Checks access tokens as RFC 9068 asks of a resource server. */
export class TokenVerifier {
  readonly #options: VerifierOptions
  readonly #good = new BoundedMap<string, Remembered>(rememberedTokens)

  constructor(options: VerifierOptions) {
    this.#options = options
  }

  /** Who a token was issued to, if it has been seen to be good of late. */
  known(token: string): Caller | null {
    const remembered = this.#good.get(token)
    if (remembered === undefined) return null
    if (performance.now() < remembered.until && !this.#expired(remembered.caller)) return remembered.caller
    this.#good.delete(token)
    return null
  }

  /**
   * Who a token was issued to.
   * @param graceSeconds how long after its end it still counts, for a process that is cut off from the issuer.
   * @throws AisleError UNAUTHENTICATED with the reason; IDENTITY_UNAVAILABLE when the issuer's keys are not to be had
   */
  async verify(token: string, graceSeconds = 0): Promise<Caller> {
    const known = this.known(token)
    if (known !== null) return known
    if (token.length > mostCharacters) throw refusal('too_large', 'The token is too large.')
    const caller = toCaller(await this.#claims(token, graceSeconds), this.#options.rolesClaim)
    if (!this.#expired(caller)) this.#good.set(token, { caller, until: performance.now() + rememberedMs })
    return caller
  }

  async #claims(token: string, graceSeconds: number): Promise<JWTPayload> {
    try {
      return await this.#check(token)
    } catch (error) {
      // The end is looked at last: all else about this token is as it should be.
      const end = error instanceof errors.JWTExpired && typeof error.payload.exp === 'number' ? error.payload.exp : null
      const late = end === null ? Infinity : Date.now() / 1000 - end
      if (end !== null && late < graceSeconds) return this.#check(token, new Date((end - 1) * 1000)).catch(refuse)
      return refuse(error)
    }
  }

  async #check(token: string, currentDate?: Date): Promise<JWTPayload> {
    const { issuer, audience, algorithms, clockToleranceSeconds, findKey } = this.#options
    const { payload } = await jwtVerify(token, findKey, {
      issuer,
      audience,
      algorithms: [...algorithms],
      typ: 'at+jwt',
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['sub', 'exp', 'iat'],
      ...(currentDate === undefined ? {} : { currentDate }),
    })
    return payload
  }

  #expired({ expiresAt }: Caller): boolean {
    return expiresAt === null || Date.now() / 1000 >= expiresAt + this.#options.clockToleranceSeconds
  }
}

function toCaller(claims: JWTPayload, rolesClaim: string): Caller {
  return createCaller({
    subject: claims.sub ?? '',
    scopes: texts(claims.scope ?? claims.scp),
    roles: texts(Object.hasOwn(claims, rolesClaim) ? claims[rolesClaim] : at(claims, rolesClaim.split('.'))),
    stores: texts(claims.stores),
    device: typeof claims.device === 'string' ? claims.device : null,
    expiresAt: claims.exp ?? null,
  })
}

/** A list, or one text of them with spaces between. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return value.split(' ').filter((text) => text !== '')
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined), value)
}

function refusal(reason: string, message: string): AisleError {
  return new AisleError('UNAUTHENTICATED', message, { details: { reason } })
}

/** Why a token is refused, without anything of what is in it. */
function refuse(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw refusal('expired', 'The token has expired.')
  if (error instanceof errors.JWTClaimValidationFailed) throw claimRefusal(error)
  if (error instanceof errors.JOSEAlgNotAllowed) throw refusal('algorithm', 'The token is signed by an algorithm that is not accepted here.')
  if (error instanceof errors.JWKSNoMatchingKey) throw refusal('key', 'The token is signed with a key that is not the issuer\'s.')
  if (error instanceof errors.JWSSignatureVerificationFailed) throw refusal('signature', 'The token\'s signature is wrong.')
  if (error instanceof errors.JOSEError) throw refusal('malformed', 'This is no token that can be read.')
  throw error
}

function claimRefusal({ claim, reason }: errors.JWTClaimValidationFailed): AisleError {
  if (reason === 'missing') return refusal('claims', `The token lacks the claim ${claim}.`)
  switch (claim) {
    case 'aud':
      return refusal('audience', 'The token is meant for another audience.')
    case 'iss':
      return refusal('issuer', 'The token is of another issuer.')
    case 'typ':
      return refusal('type', 'This is no access token (at+jwt).')
    case 'nbf':
      return refusal('not_yet_valid', 'The token is not valid yet.')
    default:
      return refusal('claims', `The claim ${claim} of the token is not as it must be.`)
  }
}
