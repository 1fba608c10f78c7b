import { createServer, type RequestListener } from 'node:http'
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import Provider from 'oidc-provider'
import { closeServer, listen } from '../../server.ts'

/** What the tokens of one client say, beside what every token says. */
export type TokenClaims = Readonly<Record<string, unknown>>

/** A real OpenID provider in this process, whose clients sign in by client_credentials and get JWT access tokens (RFC 9068). */
export interface TestIssuer extends AsyncDisposable {
  readonly url: string
  readonly jwksUrl: string
  /** How often its keys have been asked for. */
  keyRequests(): number
  /** Signs a client in. @param resource the audience (resource indicator, RFC 8707) */
  signIn(client: string, scope?: string, resource?: string): Promise<string>
  /** From now on signs with a fresh key; the keys before it are still published unless they are withdrawn. */
  rotate(options?: { readonly withdraw: boolean }): Promise<void>
  /** From now on it does not answer, until it is told to again. */
  answering(yes: boolean): void
  /** A token signed with the issuer's own key that it would never issue: other times, other types. */
  forge(claims: TokenClaims, header?: Readonly<Record<string, unknown>>): Promise<string>
  /** The key that signs now. */
  readonly key: JWK
}

export const testAudience = 'https://graph.example'

const everyScope = 'stock:read stock:write customers:read a b c d'
const algorithm = 'ES256'

let nextKey = 1

/** @param clients what the tokens of each client say: roles, stores and the like */
export async function startIssuer(clients: Readonly<Record<string, TokenClaims>>): Promise<TestIssuer> {
  let keys: JWK[] = [await createKey()]
  let provider: RequestListener = () => {}
  let answering = true
  let keyRequests = 0
  const server = createServer((request, response) => {
    if (request.url === '/jwks') keyRequests++
    if (answering) provider(request, response)
    else response.destroy()
  })
  const port = await listen(server, 0, '127.0.0.1')
  const url = `http://127.0.0.1:${port}`
  const configure = (): void => {
    provider = new Provider(url, configuration(clients, keys)).callback()
  }
  configure()
  const current = (): JWK => {
    const [key] = keys
    if (key === undefined) throw new Error('the issuer has no key')
    return key
  }
  return {
    url,
    jwksUrl: `${url}/jwks`,
    keyRequests: () => keyRequests,
    async signIn(client, scope = '', resource = testAudience) {
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${Buffer.from(`${client}:secret`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource, ...(scope === '' ? {} : { scope }) }),
      })
      const answer = (await response.json()) as { access_token?: string }
      if (answer.access_token === undefined) throw new Error(`${client} could not sign in: ${JSON.stringify(answer)}`)
      return answer.access_token
    },
    async rotate({ withdraw } = { withdraw: false }) {
      keys = [await createKey(), ...(withdraw ? [] : keys)]
      configure()
    },
    answering(yes) {
      answering = yes
    },
    async forge(claims, header = {}) {
      const now = Math.floor(Date.now() / 1000)
      const all = { iss: url, aud: testAudience, sub: 'forged', client_id: 'forged', jti: 'forged', iat: now, exp: now + 60, ...claims }
      return new SignJWT(all).setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: current().kid ?? '', ...header }).sign((await importJWK(current(), algorithm)) as CryptoKey)
    },
    get key() {
      return current()
    },
    [Symbol.asyncDispose]: () => closeServer(server, 0),
  }
}

async function createKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: `key-${nextKey++}`, use: 'sig', alg: algorithm }
}

/** JWT access tokens are not stored, and nothing else is issued here. */
const nothingStored = (): Record<string, () => Promise<undefined>> => Object.fromEntries(['upsert', 'find', 'findByUserCode', 'findByUid', 'consume', 'destroy', 'revokeByGrantId'].map((name) => [name, async () => undefined]))

function configuration(clients: Readonly<Record<string, TokenClaims>>, keys: readonly JWK[]): Record<string, unknown> {
  return {
    clients: Object.keys(clients).map((id) => ({
      client_id: id, client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      id_token_signed_response_alg: algorithm,
    })),
    jwks: { keys },
    adapter: nothingStored,
    ttl: { ClientCredentials: 600 },
    scopes: everyScope.split(' '),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({ scope: everyScope, audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: algorithm } } }),
      },
    },
    extraTokenClaims: (_context: unknown, { clientId = '' }: { clientId?: string }) => clients[clientId],
  }
}
