import type { Requirement } from '../../../runtime/identity/requirement.ts'
import type { DocumentNode, GraphQLScalarType } from 'graphql'

/** A subgraph as it goes into the node's schema. */
export interface SchemaModule {
  readonly name: string
  readonly typeDefs: DocumentNode
  readonly resolvers: ModuleResolvers
}

export type ModuleResolvers = Readonly<Record<string, GraphQLScalarType | Readonly<Record<string, unknown>>>>

/** How one module makes an entity from its key. */
export interface EntityKey {
  readonly module: string
  /** Alternatives, each a set of plain fields. */
  readonly keys: readonly (readonly string[])[]
  /** False where the module only refers to the entity. */
  readonly resolvable: boolean
}

/** The united definitions of all modules, and what federation said of them. */
export interface MergedDefinitions {
  readonly document: DocumentNode
  /** 'Type.field' → the modules that define it. */
  readonly owners: ReadonlyMap<string, readonly string[]>
  /** Entity name → its key in each module that knows it. */
  readonly entities: ReadonlyMap<string, readonly EntityKey[]>
  /** 'Type.field' → what it takes to see it, for what is protected. */
  readonly access: ReadonlyMap<string, readonly Requirement[]>
  /** 'Type.field' of what only the cloud answers. */
  readonly cloudOnly: ReadonlySet<string>
}
