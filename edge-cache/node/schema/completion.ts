import type { GraphQLResolveInfo } from 'graphql'
import type { EntityKey, ModuleResolvers, SchemaModule } from './parts.ts'

type Reference = (reference: Record<string, unknown>, context: object, info: GraphQLResolveInfo) => unknown
type FieldResolver = (parent: unknown, args: object, context: object, info: GraphQLResolveInfo) => unknown

/**
 * Gives each module the entities it made itself, and completes those that came from another one (a stub with only
 * its key) by its `__resolveReference`, once an entity, module and request: what a gateway does by `_entities`.
 */
export class EntityCompletion {
  readonly #entities: ReadonlyMap<string, readonly EntityKey[]>
  readonly #resolvers: ReadonlyMap<string, ModuleResolvers>
  /** Which module an entity's object came from. */
  readonly #origin = new WeakMap<object, string>()
  readonly #completed = new WeakMap<object, WeakMap<object, Map<string, unknown>>>()

  constructor(entities: ReadonlyMap<string, readonly EntityKey[]>, modules: readonly SchemaModule[]) {
    this.#entities = entities
    this.#resolvers = new Map(modules.map(({ name, resolvers }) => [name, resolvers]))
  }

  /** Remembers that `module` made these entities; a value may be an entity, a list, or a promise of either. */
  mark(value: unknown, module: string): unknown {
    if (isPromise(value)) return value.then((settled) => this.mark(settled, module))
    if (Array.isArray(value)) {
      let waits = false
      const items = value.map((item: unknown) => {
        const marked = this.mark(item, module)
        waits ||= isPromise(marked)
        return marked
      })
      return waits ? Promise.all(items) : value
    }
    if (typeof value === 'object' && value !== null && !this.#origin.has(value)) this.#origin.set(value, module)
    return value
  }

  /** The entity as `module` knows it: the parent itself, what its `__resolveReference` gives, or null where unknown there. */
  complete(parent: object, type: string, module: string, context: object, info: GraphQLResolveInfo): unknown {
    const origin = this.#origin.get(parent)
    if (origin === undefined || origin === module) return parent
    const done = this.#slot(context, parent)
    if (!done.has(module)) done.set(module, this.#reference(parent, type, origin, module, context, info))
    return done.get(module)
  }

  async #reference(parent: object, type: string, origin: string, module: string, context: object, info: GraphQLResolveInfo): Promise<unknown> {
    const entity = this.#entities.get(type)?.find((candidate) => candidate.module === module && candidate.resolvable)
    if (entity === undefined) return parent
    for (const key of entity.keys) {
      const reference: Record<string, unknown> = { __typename: type }
      for (const field of key) reference[field] = await this.#keyValue(parent, type, field, origin, context, info)
      if (key.some((field) => reference[field] === null || reference[field] === undefined)) continue
      const resolve = this.#resolver(module, type, '__resolveReference') as Reference | undefined
      const found = await (resolve === undefined ? reference : resolve(reference, context, info))
      return found === undefined || found === null ? null : this.mark(found, module)
    }
    return null
  }

  /** A key's field as the module that made the parent answers it. */
  #keyValue(parent: object, type: string, field: string, origin: string, context: object, info: GraphQLResolveInfo): unknown {
    const resolve = this.#resolver(origin, type, field) as FieldResolver | undefined
    return resolve === undefined ? (parent as Record<string, unknown>)[field] : resolve(parent, {}, context, info)
  }

  #resolver(module: string, type: string, field: string): unknown {
    const fields = this.#resolvers.get(module)?.[type]
    return fields === undefined ? undefined : (fields as Record<string, unknown>)[field]
  }

  #slot(context: object, parent: object): Map<string, unknown> {
    let parents = this.#completed.get(context)
    if (parents === undefined) this.#completed.set(context, (parents = new WeakMap()))
    let slot = parents.get(parent)
    if (slot === undefined) parents.set(parent, (slot = new Map()))
    return slot
  }
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
