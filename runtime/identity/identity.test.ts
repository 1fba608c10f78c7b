import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { createLogger } from '../log.ts'
import { decodeConfig } from '../config.ts'
import { z } from 'zod'
import { ContextSigner, ContextVerifier, readContextSecrets } from './context.ts'
import { createCaller, developer, publicCaller } from './caller.ts'
import { challengeOf } from './bearer.ts'
import { createIdentity, identitySettings, type Identity } from './identity.ts'
import { badTokens } from './testing/faults.ts'
import { startIssuer, testAudience } from './testing/issuer.ts'

const log = createLogger('test', 'silent')
const clients = { cashier: { roles: ['staff'], stores: ['12'] }, scanner: { realm: { roles: 'device reader' }, device: 'd1' } }

const bearer = (token: string): string => `Bearer ${token}`
const who = async (identity: Identity, token: string, graceSeconds = 0) => identity.identify(bearer(token), graceSeconds)

describe('an issuer is configured', () => {
  test('its tokens say who asks, and what they may do', async () => {
    await using issuer = await startIssuer(clients)
    const identity = createIdentity({ oidcIssuer: issuer.url, oidcAudience: testAudience }, { log })
    const token = await issuer.signIn('cashier', 'stock:write stock:read')
    expect(await who(identity, token)).toMatchObject({ subject: 'cashier', authenticated: true, roles: ['staff'], stores: ['12'], scopes: ['stock:read', 'stock:write'], device: null, unrestricted: false })
    expect(identity.identify(bearer(token))).toBe(await who(identity, token))
    expect(identity.identify(undefined)).toBe(publicCaller)
    const nested = createIdentity({ oidcIssuer: issuer.url, oidcAudience: testAudience, oidcRolesClaim: 'realm.roles', oidcJwks: issuer.jwksUrl }, { log })
    expect(await who(nested, await issuer.signIn('scanner'))).toMatchObject({ roles: ['device', 'reader'], device: 'd1' })
  })

  test('every bad token is refused with its reason', async () => {
    await using issuer = await startIssuer(clients)
    await using stranger = await startIssuer(clients)
    const identity = createIdentity({ oidcIssuer: issuer.url, oidcAudience: testAudience }, { log })
    const refusals = await Promise.all((await badTokens(issuer, stranger, 'cashier')).map(async ({ name, token, reason }) => {
      const refused: unknown = await Promise.resolve(who(identity, token)).then((caller) => caller.key, (error: unknown) => error)
      expect(challengeOf(refused)).toMatch(/^Bearer realm="aisle", error="invalid_token", error_description="[^"]+"$/)
      return { name, reason, refused }
    }))
    for (const { name, reason, refused } of refusals) expect({ name, refused }).toMatchObject({ name, refused: { code: 'UNAUTHENTICATED', details: { reason } } })
    expect(() => identity.identify('Basic YTpi')).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }))
  })

  test('keys rotate at any time, and a withdrawn one counts no more', async () => {
    await using issuer = await startIssuer(clients)
    const identity = createIdentity({ oidcIssuer: issuer.url, oidcAudience: testAudience, oidcKeysCooldown: 0 }, { log })
    const before = await issuer.forge({ sub: 'before' })
    expect((await who(identity, before)).subject).toBe('before')
    const unused = await issuer.forge({ sub: 'unused' })
    await issuer.rotate()
    expect((await who(identity, await issuer.forge({ sub: 'after' }))).subject).toBe('after')
    expect((await who(identity, unused)).subject).toBe('unused')
    const late = await issuer.forge({ sub: 'late' }, { kid: 'key-none' })
    await expect(who(identity, late)).rejects.toMatchObject({ details: { reason: 'key' } })
    const old = await issuer.forge({ sub: 'old' })
    await issuer.rotate({ withdraw: true })
    expect((await who(identity, await issuer.forge({ sub: 'newest' }))).subject).toBe('newest')
    await expect(who(identity, old)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', details: { reason: 'key' } })
  })

  test('unknown keys do not become requests to the issuer', async () => {
    await using issuer = await startIssuer(clients)
    const identity = createIdentity({ oidcIssuer: issuer.url, oidcAudience: testAudience }, { log })
    await who(identity, await issuer.signIn('cashier'))
    const asked = issuer.keyRequests()
    for (let index = 0; index < 20; index++) await expect(who(identity, await issuer.forge({}, { kid: `guess-${index}` }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(issuer.keyRequests()).toBe(asked)
  })

  test('the last keys count while it cannot be reached, over restarts where they are kept; without any, nobody can be told', async () => {
    await using issuer = await startIssuer(clients)
    const folder = await mkdtemp(join(tmpdir(), 'identity-'))
    await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
    const keysFile = join(folder, 'keys.json')
    const settings = { oidcIssuer: issuer.url, oidcAudience: testAudience, oidcKeysCooldown: 0 }
    const token = await issuer.signIn('cashier')
    expect((await who(createIdentity(settings, { log, keysFile }), token)).subject).toBe('cashier')
    expect((await stat(keysFile)).mode & 0o777).toBe(0o600)
    issuer.answering(false)
    expect((await who(createIdentity(settings, { log, keysFile }), token)).subject).toBe('cashier')
    const empty = createIdentity(settings, { log })
    await expect(who(empty, token)).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' })
    expect(empty.identify(undefined)).toBe(publicCaller)
    issuer.answering(true)
    expect((await who(empty, token)).subject).toBe('cashier')
  })

  test('a grace lets an expired token count a while longer, and forgives nothing else', async () => {
    await using issuer = await startIssuer(clients)
    await using stranger = await startIssuer(clients)
    const identity = createIdentity({ oidcIssuer: issuer.url, oidcAudience: testAudience }, { log })
    const now = Math.floor(Date.now() / 1000)
    const hourOld = { iat: now - 7_200, exp: now - 3_600 }
    expect((await who(identity, await issuer.forge({ ...hourOld, sub: 'late' }), 7_200)).subject).toBe('late')
    await expect(who(identity, await issuer.forge(hourOld), 1_800)).rejects.toMatchObject({ details: { reason: 'expired' } })
    for (const bad of (await badTokens(issuer, stranger, 'cashier')).filter(({ reason }) => reason !== 'expired')) {
      await expect(who(identity, bad.token, 1e9)).rejects.toMatchObject({ details: { reason: bad.reason } })
    }
  })
})

describe('no issuer is configured', () => {
  test('on a development machine everybody may do everything', async () => {
    expect(await createIdentity({}, { log }).identify('Bearer whatever')).toMatchObject({ unrestricted: true, subject: 'anonymous' })
  })

  test('in production everybody is the public, and a token is not ignored', () => {
    const identity = createIdentity({ production: true }, { log })
    expect(identity.identify(undefined)).toBe(publicCaller)
    expect(() => identity.identify('Bearer whatever')).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }))
  })

  test('half a configuration is none', () => {
    expect(() => createIdentity({ oidcAudience: 'a' }, { log })).toThrow('--oidc-issuer')
    expect(() => createIdentity({ oidcIssuer: 'https://a.example' }, { log })).toThrow('--oidc-audience')
    for (const oidcAlgorithms of ['none', 'HS256', 'RS256,HS256', '']) expect(() => decodeConfig(z.object(identitySettings), { oidcAlgorithms })).toThrow('--oidc-algorithms')
  })
})

describe('the gateway\'s word for who asks', () => {
  const secrets = 'new:0123456789abcdef0123456789abcdef,old:fedcba9876543210fedcba9876543210'
  const verifierOf = async (contextSecret: string) => new ContextVerifier(await readContextSecrets({ contextSecret }))
  const signerOf = async (contextSecret: string) => {
    const [secret] = await readContextSecrets({ contextSecret })
    if (secret === undefined) throw new Error('no secret')
    return new ContextSigner(secret)
  }

  test('carries a caller whole, and is signed once for a while', async () => {
    const [signer, verifier] = [await signerOf(secrets), await verifierOf(secrets)]
    const caller = createCaller({ subject: 'cashier', roles: ['staff'], stores: ['12'], scopes: ['a'], device: 'd1' })
    const token = signer.tokenFor(caller)
    expect(signer.tokenFor(createCaller({ ...caller }))).toBe(token)
    expect(await verifier.verify(token)).toEqual(caller)
    expect(await verifier.verify(signer.tokenFor(publicCaller))).toBe(publicCaller)
    expect(await verifier.verify(signer.tokenFor(developer('me')))).toEqual(developer('me'))
    expect(signer.tokenFor(createCaller({ subject: 'cashier', roles: ['admin'] }))).not.toBe(token)
  })

  test('is believed by any of the secrets, and by no other', async () => {
    const verifier = await verifierOf(secrets)
    const [, old = ''] = secrets.split(',')
    expect((await verifier.verify((await signerOf(old)).tokenFor(developer()))).unrestricted).toBe(true)
    const others = [(await signerOf('new:another-secret-of-thirty-two-chars-')).tokenFor(developer()), (await signerOf('third:0123456789abcdef0123456789abcdef')).tokenFor(developer()), 'garbage', '', undefined, ['a']]
    for (const token of others) await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', details: { reason: 'context' } })
  })

  test('secrets that are too short or unnamed are refused', async () => {
    for (const contextSecret of ['id:short', '0123456789abcdef0123456789abcdef0123456789']) await expect(readContextSecrets({ contextSecret })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(readContextSecrets({ contextSecretFile: '/nowhere/at/all' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(await readContextSecrets({})).toEqual([])
  })
})
