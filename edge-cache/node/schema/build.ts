import {
  buildASTSchema, defaultFieldResolver, getNamedType, isAbstractType, isObjectType, isScalarType,
  type GraphQLField, type GraphQLObjectType, type GraphQLScalarType, type GraphQLSchema,
} from 'graphql'
import { policiesByRole, satisfies, type GrantPolicies, type Requirement } from '../../../runtime/identity/requirement.ts'
import type { BaseContext } from '../../../subgraphs/shared/context.ts'
import { AisleError, toGraphQLError } from '../../../runtime/errors.ts'
import { after } from '../../../subgraphs/shared/soon.ts'
import { EntityCompletion } from './completion.ts'
import { mergeDefinitions } from './merge.ts'
import type { MergedDefinitions, ModuleResolvers, SchemaModule } from './parts.ts'

type Resolve = NonNullable<GraphQLField<unknown, object>['resolve']>

/** The node's schema, and which of its fields only the cloud answers. */
export interface NodeSchema {
  readonly schema: GraphQLSchema
  /** 'Type.field'. */
  readonly cloudOnly: ReadonlySet<string>
}

/**
 * One executable schema out of several subgraphs, in which an operation means what it means behind a gateway.
 * @throws AisleError SUPERGRAPH_INVALID where the definitions contradict each other, or a resolver has no field.
 */
export function buildNodeSchema(modules: readonly SchemaModule[], grant: GrantPolicies = policiesByRole()): NodeSchema {
  const merged = mergeDefinitions(modules)
  // What is merged was composed before it was committed, and a test looks at the outcome as a whole: not at every start again.
  const schema = buildASTSchema(merged.document, { assumeValid: true })
  const completion = new EntityCompletion(merged.entities, modules)
  for (const module of modules) attach(schema, module.name, module.resolvers)
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type) && !type.name.startsWith('__')) wrap(type, merged, completion)
    if (isObjectType(type)) protect(type, merged, grant)
  }
  return { schema, cloudOnly: merged.cloudOnly }
}

/** Puts a module's resolvers on the fields they are written for. */
function attach(schema: GraphQLSchema, module: string, resolvers: ModuleResolvers): void {
  for (const [name, value] of Object.entries(resolvers)) {
    const type = schema.getType(name)
    if (isScalarType(type)) {
      const { serialize, parseValue, parseLiteral } = value as GraphQLScalarType
      Object.assign(type, { serialize, parseValue, parseLiteral })
    } else if (isAbstractType(type)) {
      Object.assign(type, { resolveType: (value as { __resolveType?: unknown }).__resolveType })
    } else if (isObjectType(type)) {
      attachFields(type, module, value as Readonly<Record<string, unknown>>)
    } else {
      throw new AisleError('SUPERGRAPH_INVALID', `${module} has resolvers for ${name}, which is not in the schema.`)
    }
  }
}

function attachFields(type: GraphQLObjectType, module: string, resolvers: Readonly<Record<string, unknown>>): void {
  for (const [name, resolver] of Object.entries(resolvers)) {
    if (name === '__resolveReference') continue
    const field = type.getFields()[name]
    if (field === undefined) throw new AisleError('SUPERGRAPH_INVALID', `${module} has a resolver for ${type.name}.${name}, which is not in the schema.`)
    if (typeof resolver === 'function') field.resolve = resolver as Resolve
    else Object.assign(field, resolver)
  }
}

/** Makes a type's fields behave as they do behind a gateway. */
function wrap(type: GraphQLObjectType, { owners, entities, cloudOnly }: MergedDefinitions, completion: EntityCompletion): void {
  for (const field of Object.values(type.getFields())) {
    const label = `${type.name}.${field.name}`
    const [owner, ...others] = owners.get(label) ?? []
    if (owner === undefined) continue
    if (cloudOnly.has(label)) {
      const refuse = (): never => {
        throw toGraphQLError(new AisleError('CLOUD_ONLY', `${label} is answered in the cloud only.`))
      }
      field.resolve = refuse
      if (type.name === 'Subscription') field.subscribe = refuse
      continue
    }
    const base = field.resolve ?? defaultFieldResolver
    const marked = entities.has(getNamedType(field.type).name) ? marking(base, owner, completion) : base
    // A field that several modules define (a key, say) is answered by whichever made the parent.
    field.resolve = entities.has(type.name) && others.length === 0 ? completing(marked, type.name, owner, completion) : marked
  }
}

/** Puts before a protected field what it takes to see it. */
function protect(type: GraphQLObjectType, { access, cloudOnly }: MergedDefinitions, grant: GrantPolicies): void {
  for (const field of Object.values(type.getFields())) {
    const asked = access.get(`${type.name}.${field.name}`)
    if (asked === undefined || cloudOnly.has(`${type.name}.${field.name}`)) continue
    field.resolve = guarded(field.resolve ?? defaultFieldResolver, asked, grant)
    if (field.subscribe !== undefined) field.subscribe = guarded(field.subscribe, asked, grant)
  }
}

function guarded(base: Resolve, asked: readonly Requirement[], grant: GrantPolicies): Resolve {
  return (parent, args, context, info) => {
    const { caller } = (context as BaseContext).environment
    if (!asked.every((requirement) => satisfies(caller, requirement, grant))) throw new AisleError('UNAUTHORIZED_FIELD_OR_TYPE')
    return base(parent, args, context, info)
  }
}

function marking(base: Resolve, owner: string, completion: EntityCompletion): Resolve {
  return (parent, args, context, info) => completion.mark(base(parent, args, context, info), owner, context)
}

function completing(base: Resolve, type: string, owner: string, completion: EntityCompletion): Resolve {
  return (parent, args, context, info) =>
    after(completion.complete(parent as object, type, owner, context, info), (own) => (own === null ? null : base(own, args, context, info)))
}
