import type { GraphQLResolveInfo, GraphQLScalarType } from 'graphql'
import type { Caller } from '../../runtime/identity/caller.ts'
import type { Storage } from '../storage/storage.ts'
import type { ChangeFeed } from './changes.ts'
import { lazily } from './lazily.ts'
import type { Batches } from './loader.ts'
import type { ReadLog } from './reads.ts'

export type SubgraphName = 'search' | 'recommendation' | 'inventory' | 'device'

/** What a request brings, whatever the subgraph and whatever the database under it. */
export interface RequestEnvironment {
  readonly storage: Storage
  /** Who asks; operation ids are theirs. */
  readonly principal: string
  /** Who that is, and what they may do. */
  readonly caller: Caller
  /** False for a store whose data is not held here: its fields answer OUT_OF_SCOPE. The cloud holds every store. */
  holdsStore(storeId: string): boolean
  /** Readings before this instant (epoch milliseconds) are not held here; null where all are. */
  readonly readingsSince: number | null
  readonly changes: ChangeFeed
  /** Where answers are kept: told what this request reads. */
  readonly reads?: ReadLog
  /** Where the request is driven: its loads, which then wait for no tick. */
  readonly batches?: Batches
}

/** What every resolver's context has, beside the part of each subgraph under its own name. */
export interface BaseContext {
  readonly environment: RequestEnvironment
  /** Forgets what the loaders hold: before each event of a subscription, and after a write. */
  renew(): void
}

/** A resolver as the subgraphs write it; `Context` names the parts it needs. */
export type Resolver<Parent, Args, Context> = (parent: Parent, args: Args, context: Context & BaseContext, info: GraphQLResolveInfo) => unknown

/** One subgraph's code, the same in the cloud and on a store's node. Its SDL is `schema/<name>.graphql`. */
export interface Subgraph<Services, Part> {
  readonly name: SubgraphName
  /** Type name → field name → resolver, with `__resolveReference` for entities and scalars as values. */
  readonly resolvers: SubgraphResolvers
  /** The subgraph's part of the context: its store and fresh loaders, one set a request. */
  createPart(environment: RequestEnvironment, services: Services): Part
}

export type SubgraphResolvers = Readonly<Record<string, GraphQLScalarType | Readonly<Record<string, unknown>>>>

/**
 * Makes requests' contexts from the parts of one subgraph (in the cloud) or of all four (on a store's node): `context.inventory`,
 * `context.search` and so on, made again after `renew()`, of which `onRenew` is told.
 */
export function contextMaker<Environment extends RequestEnvironment, Parts extends object>(
  makers: { readonly [Name in keyof Parts]: (environment: Environment) => Parts[Name] },
): (environment: Environment, onRenew?: () => void) => Parts & BaseContext {
  const makeParts = lazily<Environment, Parts>(makers)
  class Context {
    readonly environment: Environment
    readonly onRenew: (() => void) | undefined
    parts: Parts

    constructor(environment: Environment, onRenew: (() => void) | undefined) {
      this.environment = environment
      this.onRenew = onRenew
      this.parts = makeParts(environment)
    }

    renew(): void {
      this.parts = makeParts(this.environment)
      this.onRenew?.()
    }
  }
  for (const name of Object.keys(makers) as (keyof Parts & string)[]) {
    Object.defineProperty(Context.prototype, name, {
      enumerable: true,
      get(this: Context) {
        return this.parts[name]
      },
    })
  }
  return (environment, onRenew) => new Context(environment, onRenew) as unknown as Parts & BaseContext
}
