import { base64url, exportSPKI, importJWK, type CryptoKey, type JWK } from 'jose'
import { createHmac } from 'node:crypto'
import type { TestIssuer } from './issuer.ts'

/** A token that must not be believed. */
export interface BadToken {
  readonly name: string
  readonly token: string
  /** `extensions.reason` of the refusal. */
  readonly reason: string
}

/** Every way in which a token of a client can be bad. @param stranger an issuer that is not the configured one */
export async function badTokens(issuer: TestIssuer, stranger: TestIssuer, client: string): Promise<BadToken[]> {
  const now = Math.floor(Date.now() / 1000)
  const good = await issuer.signIn(client)
  const [header = '', payload = ''] = good.split('.')
  const spki = await exportSPKI((await importJWK(publicPart(issuer.key), 'ES256')) as CryptoKey)
  return [
    { name: 'of another audience', token: await issuer.signIn(client, '', 'https://other.example'), reason: 'audience' },
    { name: 'of another issuer', token: await stranger.signIn(client), reason: 'key' },
    { name: 'that claims another issuer', token: await issuer.forge({ iss: 'https://evil.example' }), reason: 'issuer' },
    { name: 'that has expired', token: await issuer.forge({ iat: now - 7_200, exp: now - 3_600 }), reason: 'expired' },
    { name: 'that is not valid yet', token: await issuer.forge({ nbf: now + 3_600, exp: now + 7_200 }), reason: 'not_yet_valid' },
    { name: 'of another type', token: await issuer.forge({}, { typ: 'JWT' }), reason: 'type' },
    { name: 'without an end', token: await issuer.forge({ exp: undefined }), reason: 'claims' },
    { name: 'with the algorithm none', token: `${text({ alg: 'none', typ: 'at+jwt' })}.${payload}.`, reason: 'algorithm' },
    { name: 'signed by HS256 with the public key', token: hmac(`${text({ alg: 'HS256', typ: 'at+jwt', kid: issuer.key.kid })}.${payload}`, spki), reason: 'algorithm' },
    { name: 'whose signature is cut off', token: `${header}.${payload}.`, reason: 'signature' },
    { name: 'whose claims were changed', token: `${header}.${text({ ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), roles: ['admin', 'forged'] })}.${good.split('.')[2] ?? ''}`, reason: 'signature' },
    { name: 'that is garbage', token: 'not-a-token', reason: 'malformed' },
    { name: 'that is huge', token: `${header}.${'A'.repeat(9_000)}.AAAA`, reason: 'too_large' },
  ]
}

function publicPart({ kty, crv, x, y }: JWK): JWK {
  return { kty: kty ?? '', crv: crv ?? '', x: x ?? '', y: y ?? '' }
}

function text(value: object): string {
  return base64url.encode(JSON.stringify(value))
}

function hmac(signed: string, secret: string): string {
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
