import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { errors, jwtVerify } from 'jose'
import { z } from 'zod'
import { AisleError } from '../errors.ts'
import { BoundedMap } from './bounded.ts'
import { createCaller, developer, publicCaller, type Caller } from './caller.ts'

/** The header in which a gateway tells a subgraph who asks, signed. */
export const contextHeader = 'x-aisle-context'

const issuer = 'aisle-gateway'
const audience = 'aisle-subgraph'
const type = 'aisle-context+jwt'

/** How long a context is good for, and how old it is when another is made, in seconds. */
const validitySeconds = 120
const renewSeconds = 60
/** By how much the clocks of a gateway and a subgraph may differ, in seconds. */
const toleranceSeconds = 10
const rememberedCallers = 10_000
const shortestSecret = 32

/** A secret that gateway and subgraphs share, with the name that says which one was used. */
export interface ContextSecret {
  readonly id: string
  readonly secret: Uint8Array
}

/** The settings of both ends; spread into a role's own. */
export const contextSettings = {
  /** `id:secret`, several parted by commas or lines: the first signs, all are believed. */
  contextSecret: z.string().optional(),
  contextSecretFile: z.string().optional(),
} as const

/**
 * The secrets of the settings, newest first; empty where none are configured.
 * @throws AisleError CONFIG_INVALID
 */
export async function readContextSecrets({ contextSecret, contextSecretFile }: { readonly contextSecret?: string | undefined; readonly contextSecretFile?: string | undefined }): Promise<ContextSecret[]> {
  const text = contextSecretFile === undefined ? (contextSecret ?? '') : await readSecretFile(contextSecretFile)
  const parts = text.split(/[\n,]/).map((part) => part.trim()).filter((part) => part !== '')
  return parts.map((part) => {
    const at = part.indexOf(':')
    const [id, secret] = [part.slice(0, Math.max(at, 0)), part.slice(at + 1)]
    if (id === '' || secret.length < shortestSecret) throw invalid(`each secret is written id:secret, and the secret has ${shortestSecret} characters or more`)
    return { id, secret: new TextEncoder().encode(secret) }
  })
}

async function readSecretFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw invalid(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

function invalid(problem: string): AisleError {
  return new AisleError('CONFIG_INVALID', `The configuration cannot be used:\n  --context-secret-file: ${problem}`)
}

/** Vouches for callers before subgraphs. One signature serves a caller for a minute. */
export class ContextSigner {
  readonly #secret: ContextSecret
  readonly #signed = new BoundedMap<string, { readonly token: string; readonly renewAt: number }>(rememberedCallers)

  constructor(secret: ContextSecret) {
    this.#secret = secret
  }

  /** What goes into {@link contextHeader}: a JWT (HS256) that is good for at least another minute. */
  tokenFor(caller: Caller): string {
    const now = performance.now()
    const known = this.#signed.get(caller.key)
    if (known !== undefined && now < known.renewAt) return known.token
    const token = this.#sign(caller)
    this.#signed.set(caller.key, { token, renewAt: now + renewSeconds * 1000 })
    return token
  }

  #sign({ subject, authenticated, unrestricted, scopes, roles, stores, device }: Caller): string {
    const issuedAt = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, aud: audience, sub: subject, iat: issuedAt, exp: issuedAt + validitySeconds, authenticated, unrestricted, scopes, roles, stores, device }
    const text = `${encode({ alg: 'HS256', typ: type, kid: this.#secret.id })}.${encode(claims)}`
    return `${text}.${createHmac('sha256', this.#secret.secret).update(text).digest('base64url')}`
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

const claimsShape = z.object({
  sub: z.string(),
  exp: z.number(),
  authenticated: z.boolean(),
  unrestricted: z.boolean(),
  scopes: z.array(z.string()),
  roles: z.array(z.string()),
  stores: z.array(z.string()),
  device: z.string().nullable(),
})

/** Believes callers that a gateway has vouched for, and no others. */
export class ContextVerifier {
  readonly #secrets: ReadonlyMap<string, Uint8Array>
  readonly #known = new BoundedMap<string, { readonly caller: Caller; readonly exp: number }>(rememberedCallers)

  constructor(secrets: readonly ContextSecret[]) {
    this.#secrets = new Map(secrets.map(({ id, secret }) => [id, secret]))
  }

  /** @throws AisleError UNAUTHENTICATED */
  async verify(token: unknown): Promise<Caller> {
    if (typeof token !== 'string') throw refusal('This subgraph answers its gateway only.')
    const known = this.#known.get(token)
    if (known !== undefined && Date.now() / 1000 < known.exp) return known.caller
    const { caller, exp } = await this.#read(token)
    this.#known.set(token, { caller, exp })
    return caller
  }

  async #read(token: string): Promise<{ caller: Caller; exp: number }> {
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.#secretOf(kid), {
        issuer, audience, typ: type, algorithms: ['HS256'], clockTolerance: toleranceSeconds,
      })
      const claims = claimsShape.safeParse(payload)
      if (claims.success) return { caller: callerOf(claims.data), exp: claims.data.exp }
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
    }
    throw refusal('The gateway\'s word for who asks cannot be believed: it is expired, damaged, or signed with another secret.')
  }

  #secretOf(id: string | undefined): Uint8Array {
    const secret = id === undefined ? undefined : this.#secrets.get(id)
    if (secret === undefined) throw new errors.JWKSNoMatchingKey()
    return secret
  }
}

function callerOf({ sub, authenticated, unrestricted, scopes, roles, stores, device }: z.output<typeof claimsShape>): Caller {
  if (unrestricted) return developer(sub)
  return authenticated ? createCaller({ subject: sub, scopes, roles, stores, device }) : publicCaller
}

function refusal(message: string): AisleError {
  return new AisleError('UNAUTHENTICATED', message, { details: { reason: 'context' } })
}
