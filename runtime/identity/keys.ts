import { readFile, rename, writeFile } from 'node:fs/promises'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { AisleError } from '../errors.ts'
import type { Logger } from '../log.ts'

export interface RemoteKeysOptions {
  readonly issuer: string
  /** Where the key set is; found through the issuer's metadata when null. */
  readonly jwksUrl: string | null
  /** Keeps the keys over restarts; null keeps them in memory alone. */
  readonly file: string | null
  /** Least time between two looks at the issuer, in milliseconds: unknown key ids must not become requests to it. */
  readonly cooldownMs: number
  /** How long the last keys count while the issuer cannot be reached, in milliseconds. */
  readonly staleMs: number
  readonly log: Logger
}

/** Keys older than this are fetched again beside the work that uses them, and waited for at twice that age; in milliseconds. */
const maxAgeMs = 10 * 60_000
/** Longest wait for the issuer, in milliseconds. */
const timeoutMs = 5_000
/** Largest answer believed to be an issuer's, in characters. */
const mostCharacters = 512 * 1024

const metadataShape = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) })
const keySetShape = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })
const fileShape = z.object({ fetchedAt: z.number(), jwks: keySetShape })

interface Known {
  readonly find: JWTVerifyGetKey
  /** Epoch milliseconds. */
  readonly fetchedAt: number
}

/**
 * The public keys of an issuer. A token signed with a key that is not known yet makes it look again, so that keys can be rotated at
 * any time; while the issuer cannot be reached, the last keys go on counting.
 */
export class RemoteKeys {
  readonly #options: RemoteKeysOptions
  #known: Known | null = null
  #loaded: Promise<void> | null = null
  #refreshing: Promise<boolean> | null = null
  #triedAt = -Infinity
  #failing = false

  constructor(options: RemoteKeysOptions) {
    this.#options = options
  }

  /** The key of a token. @throws JOSEError for a token that none of the keys fits; AisleError IDENTITY_UNAVAILABLE without keys */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    await (this.#loaded ??= this.#load())
    const age = this.#known === null ? Infinity : Date.now() - this.#known.fetchedAt
    // A clock that went back says nothing of the age.
    if (age > maxAgeMs || age < 0) {
      const refreshing = this.#refresh()
      // Nobody waits again and again for an issuer that cannot be reached.
      if (this.#known === null || (!this.#failing && !(age <= maxAgeMs * 2 && age >= 0))) await refreshing
    }
    try {
      return await this.#usable().find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !(await this.#refresh())) throw error
      return this.#usable().find(header, token)
    }
  }

  #usable(): Known {
    const known = this.#known
    if (known === null || Date.now() - known.fetchedAt > this.#options.staleMs) throw new AisleError('IDENTITY_UNAVAILABLE')
    return known
  }

  /** Looks at the issuer, once for all who ask meanwhile; true when it has answered. */
  #refresh(): Promise<boolean> {
    if (this.#refreshing !== null) return this.#refreshing
    if (performance.now() - this.#triedAt < this.#options.cooldownMs) return Promise.resolve(false)
    this.#refreshing = this.#fetch().finally(() => {
      this.#triedAt = performance.now()
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #fetch(): Promise<boolean> {
    const { issuer, jwksUrl, file, log } = this.#options
    try {
      const jwks = keySetShape.parse(await getJson(jwksUrl ?? (await discover(issuer)))) as JSONWebKeySet
      this.#known = { find: createLocalJWKSet(jwks), fetchedAt: Date.now() }
      if (this.#failing) log.info({ issuer }, 'the issuer\'s keys are there again')
      this.#failing = false
      if (file !== null) await keep(file, { fetchedAt: this.#known.fetchedAt, jwks }).catch((error: unknown) => log.warn({ err: error, file }, 'the issuer\'s keys cannot be kept'))
      return true
    } catch (error) {
      if (!this.#failing) log.warn({ err: error, issuer }, 'the issuer\'s keys cannot be fetched; those known go on counting')
      this.#failing = true
      return false
    }
  }

  async #load(): Promise<void> {
    const { file, log } = this.#options
    if (file === null) return
    try {
      const { fetchedAt, jwks } = fileShape.parse(JSON.parse(await readFile(file, 'utf8')))
      this.#known = { find: createLocalJWKSet(jwks), fetchedAt }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log.warn({ err: error, file }, 'the kept keys of the issuer cannot be read')
    }
  }
}

/** The key set's address in the issuer's metadata (OpenID Connect Discovery 1.0). */
async function discover(issuer: string): Promise<string> {
  const metadata = metadataShape.parse(await getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`))
  if (metadata.issuer !== issuer) throw new Error(`the metadata there are of the issuer ${metadata.issuer}, not of ${issuer}`)
  return metadata.jwks_uri
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { headers: { accept: 'application/json' }, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${url} answered with status ${response.status}`)
  if (text.length > mostCharacters) throw new Error(`${url} answered with ${text.length} characters`)
  return JSON.parse(text)
}

async function keep(file: string, content: object): Promise<void> {
  const aside = `${file}.new`
  await writeFile(aside, JSON.stringify(content), { mode: 0o600 })
  await rename(aside, file)
}
