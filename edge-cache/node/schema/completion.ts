import type { GraphQLResolveInfo } from 'graphql'
import { after, atOnce, isPromise, type Later } from '../../../subgraphs/shared/soon.ts'
import type { EntityKey, ModuleResolvers, SchemaModule } from './parts.ts'

type Reference = (reference: Record<string, unknown>, context: object, info: GraphQLResolveInfo) => unknown
type FieldResolver = (parent: unknown, args: object, context: object, info: GraphQLResolveInfo) => unknown

/** What one request knows of an entity's object. */
interface Note {
  readonly of: object
  /** Which module it came from. */
  readonly origin: string
  /** The entity as another module knows it, or a promise of it; few entities are known to more than two. */
  module: string | null
  known: unknown
  others: Map<string, unknown> | null
}

/** Notes that are looked through one by one. */
const few = 8

/** The notes of one request: most have a few. */
class Notes {
  readonly #first: Note[] = []
  #all: Map<object, Note> | null = null

  get(entity: object): Note | undefined {
    if (this.#all !== null) return this.#all.get(entity)
    for (const note of this.#first) if (note.of === entity) return note
    return undefined
  }

  add(note: Note): void {
    if (this.#all === null && this.#first.length === few) this.#all = new Map(this.#first.map((known) => [known.of, known]))
    if (this.#all === null) this.#first.push(note)
    else this.#all.set(note.of, note)
  }
}

const notesOf = Symbol('entities')

/** A request's context, which carries what is noted of its entities. */
interface Noted {
  [notesOf]?: Notes
}

/**
 * Gives each module the entities it made itself, and completes those that came from another one (a stub with only
 * its key) by its `__resolveReference`, once an entity, module and request: what a gateway does by `_entities`.
 */
export class EntityCompletion {
  readonly #entities: ReadonlyMap<string, readonly EntityKey[]>
  readonly #resolvers: ReadonlyMap<string, ModuleResolvers>

  constructor(entities: ReadonlyMap<string, readonly EntityKey[]>, modules: readonly SchemaModule[]) {
    this.#entities = entities
    this.#resolvers = new Map(modules.map(({ name, resolvers }) => [name, resolvers]))
  }

  /** Remembers that `module` made these entities; a value may be an entity, a list, or a promise of either. */
  mark(value: unknown, module: string, context: object): unknown {
    if (isPromise(value)) return after(value, (settled) => this.mark(settled, module, context))
    if (Array.isArray(value)) {
      let waits = false
      const items = value.map((item: unknown) => {
        // What is wrong with one item is that item's matter.
        const marked = isPromise(item) ? item.then((settled) => this.mark(settled, module, context)) : this.mark(item, module, context)
        waits ||= isPromise(marked)
        return marked
      })
      return waits ? items : value
    }
    if (typeof value === 'object' && value !== null) {
      const notes = (context as Noted)[notesOf] ??= new Notes()
      if (notes.get(value) === undefined) notes.add({ of: value, origin: module, module: null, known: undefined, others: null })
    }
    return value
  }

  /** The entity as `module` knows it: the parent itself, what its `__resolveReference` gives, or null where unknown there. */
  complete(parent: object, type: string, module: string, context: object, info: GraphQLResolveInfo): unknown {
    const note = (context as Noted)[notesOf]?.get(parent)
    if (note === undefined || note.origin === module) return parent
    if (note.module === module) return note.known
    if (note.others?.has(module) === true) return note.others.get(module)
    const known = atOnce(this.#reference(parent, type, note.origin, module, context, info))
    if (note.module === null) {
      note.module = module
      note.known = known
    } else {
      (note.others ??= new Map()).set(module, known)
    }
    return known
  }

  #reference(parent: object, type: string, origin: string, module: string, context: object, info: GraphQLResolveInfo): unknown {
    const entity = this.#entities.get(type)?.find((candidate) => candidate.module === module && candidate.resolvable)
    if (entity === undefined) return parent
    const resolve = this.#resolver(module, type, '__resolveReference') as Reference | undefined
    const refer = (at: number): unknown => {
      const key = entity.keys[at]
      if (key === undefined) return null
      const values = key.map((field) => this.#keyValue(parent, type, field, origin, context, info))
      return after(values.some(isPromise) ? Promise.all(values) : values, (known): Later<unknown> => {
        if (known.some((value) => value === null || value === undefined)) return refer(at + 1)
        const reference: Record<string, unknown> = { __typename: type }
        for (const [place, field] of key.entries()) reference[field] = known[place]
        return after(resolve === undefined ? reference : resolve(reference, context, info), (found) => (found === undefined || found === null ? null : this.mark(found, module, context)))
      })
    }
    return refer(0)
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
}

