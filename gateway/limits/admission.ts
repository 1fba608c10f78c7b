import type { IncomingMessage } from 'node:http'
import { AisleError } from '../../runtime/errors.ts'
import type { Caller } from '../../runtime/identity/caller.ts'
import type { DocumentPolicy } from '../../runtime/graphql/persisted.ts'
import type { Logger } from '../../runtime/log.ts'
import { type ClientTrust, clientOf } from './client.ts'
import { RateLimits } from './rate.ts'
import { RateStore } from './rate-store.ts'
import type { LimitSettings } from './settings.ts'

/** Decides who may send which documents, and what operations may cost. */
export class Admission implements AsyncDisposable {
  /** The largest estimate; 0 for no limit. */
  readonly maxCost: number
  readonly #policy: DocumentPolicy
  readonly #listedOnly: DocumentPolicy
  readonly #freeForm: ReadonlySet<string> | null
  readonly #trust: ClientTrust
  readonly #store: RateStore | null
  readonly #rates: RateLimits | null

  constructor(settings: LimitSettings, policy: DocumentPolicy, log: Logger) {
    this.maxCost = settings.maxCost
    this.#policy = policy
    this.#listedOnly = { ...policy, persistedOnly: true }
    this.#freeForm = settings.freeForm === undefined ? null : new Set(settings.freeForm)
    this.#trust = { proxies: settings.trustProxy, idHeader: settings.trustClientId ?? null }
    const limited = Object.keys(settings.budget).length > 0
    this.#store = limited && settings.rateLimitStore !== undefined ? new RateStore(settings.rateLimitStore, log) : null
    this.#rates = limited ? new RateLimits(settings.budget, this.#store) : null
  }

  /** Which documents this caller may send. Without an issuer of tokens everybody is free. */
  policyFor(who: Caller): DocumentPolicy {
    const free = this.#freeForm
    return free === null || who.unrestricted || who.roles.some((role) => free.has(role)) ? this.#policy : this.#listedOnly
  }

  /**
   * Lets an operation run for what it costs, or not. Null when there is nothing to wait for.
   * @param estimate asked for only where something depends on it
   * @param request null for what was charged before
   * @throws AisleError COST_ESTIMATED_TOO_EXPENSIVE, COST_QUERY_PARSE_FAILURE; RATE_LIMITED later
   */
  admit(estimate: () => number, who: Caller, request: IncomingMessage | null): Promise<void> | null {
    if (this.maxCost === 0 && this.#rates === null) return null
    const cost = estimate()
    if (this.maxCost > 0 && cost > this.maxCost) throw new AisleError('COST_ESTIMATED_TOO_EXPENSIVE', undefined, { details: { cost: { estimated: cost, max: this.maxCost } } })
    return this.#rates === null || request === null ? null : this.#rates.charge(who, clientOf(request, who, this.#trust), cost)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.[Symbol.asyncDispose]()
  }
}
