/** The part of oidc-provider that tests use; the package carries no types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  interface Token {
    readonly clientId?: string
  }

  export default class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
    callback(): RequestListener
    on(event: string, listener: (...details: readonly unknown[]) => void): this
    readonly token?: Token
  }
}
