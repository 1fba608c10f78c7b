import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { AisleError } from '../../runtime/errors.ts'
import type { Caller } from '../../runtime/identity/caller.ts'
import { RateStore } from './rate-store.ts'

/** What a client may spend in a stretch of time; an operation costs its estimate, and 1 at least. */
export interface Budget {
  readonly points: number
  readonly seconds: number
}

/** Who has no token, or none of the roles that have a budget. */
export const publicRole = 'public'

interface Purse {
  readonly budget: Budget
  readonly limiter: RateLimiterMemory | RateLimiterPostgres
}

/** Lets each client spend its role's budget and no more. */
export class RateLimits {
  readonly #purses: ReadonlyMap<string, Purse>
  readonly #ofCaller = new WeakMap<Caller, Purse | { readonly limiter: null }>()

  /** @param store where all replicas count together; without it, and while it fails, each counts in memory */
  constructor(budgets: Readonly<Record<string, Budget>>, store: RateStore | null) {
    this.#purses = new Map(Object.entries(budgets).map(([role, budget]) => [role, { budget, limiter: createLimiter(role, budget, store) }]))
  }

  /** Takes what an operation costs from the client's budget. @throws AisleError RATE_LIMITED, with `retryAfterSeconds` */
  async charge(who: Caller, client: string, cost: number): Promise<void> {
    const purse = this.#purseOf(who)
    if (purse.limiter === null) return
    const { points, seconds } = purse.budget
    try {
      await purse.limiter.consume(client, Math.min(Math.max(1, Math.ceil(cost)), points + 1))
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      const retryAfterSeconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000))
      throw new AisleError('RATE_LIMITED', undefined, { details: { retryAfterSeconds, cost: { estimated: cost, budget: points, seconds } } })
    }
  }

  /** The largest budget of the caller's roles. */
  #purseOf(who: Caller): Purse | { readonly limiter: null } {
    const known = this.#ofCaller.get(who)
    if (known !== undefined) return known
    const own = who.roles.flatMap((role) => this.#purses.get(role) ?? [])
    const [best] = own.toSorted((one, other) => other.budget.points / other.budget.seconds - one.budget.points / one.budget.seconds)
    const purse = best ?? this.#purses.get(publicRole) ?? { limiter: null }
    this.#ofCaller.set(who, purse)
    return purse
  }
}

function createLimiter(role: string, { points, seconds }: Budget, store: RateStore | null): RateLimiterMemory | RateLimiterPostgres {
  const settings = { keyPrefix: role, points, duration: seconds }
  const memory = new RateLimiterMemory(settings)
  if (store === null) return memory
  return new RateLimiterPostgres({
    ...settings,
    storeClient: store,
    storeType: 'client',
    tableName: RateStore.table,
    tableCreated: true,
    clearExpiredByTimeout: true,
    insuranceLimiter: memory,
    // Whoever has spent everything is refused without asking Postgres.
    inMemoryBlockOnConsumed: points + 1,
  })
}
