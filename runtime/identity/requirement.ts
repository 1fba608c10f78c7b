import { type ConstDirectiveNode, Kind, type ConstValueNode } from 'graphql'
import type { Caller } from './caller.ts'

/** Alternatives, each a set of names that are all needed. */
export type Alternatives = readonly (readonly string[])[]

/** What it takes to see a field or type: all of these. Null where nothing is asked. */
export interface Requirement {
  readonly authenticated: boolean
  readonly scopes: Alternatives | null
  readonly policies: Alternatives | null
}

/**
 * Says which policies of a graph a caller satisfies. The built-in rule: a role grants the policy of its own name, and whatever else
 * a table of roles gives it.
 */
export type GrantPolicies = (caller: Caller) => ReadonlySet<string>

/** @param table role name → the policies it grants besides the one of its own name. */
export function policiesByRole(table: Readonly<Record<string, readonly string[]>> = {}): GrantPolicies {
  return ({ roles }) => new Set(roles.flatMap((role) => [role, ...(Object.hasOwn(table, role) ? (table[role] ?? []) : [])]))
}

/** True when the caller may see what asks for this. */
export function satisfies(caller: Caller, { authenticated, scopes, policies }: Requirement, grant: GrantPolicies): boolean {
  if (caller.unrestricted) return true
  if (authenticated && !caller.authenticated) return false
  if (scopes !== null && !(caller.authenticated && someWhole(scopes, new Set(caller.scopes)))) return false
  return policies === null || someWhole(policies, grant(caller))
}

function someWhole(sets: Alternatives, held: ReadonlySet<string>): boolean {
  return sets.some((names) => names.every((name) => held.has(name)))
}

/** The names under which a document uses the three directives; they can be renamed where they are linked. */
export interface AccessDirectives {
  readonly authenticated: string
  readonly requiresScopes: string
  readonly policy: string
}

export const plainDirectives: AccessDirectives = { authenticated: 'authenticated', requiresScopes: 'requiresScopes', policy: 'policy' }

/** What the directives on a definition ask for; null where they ask for nothing. */
export function readRequirements(directives: readonly ConstDirectiveNode[] | undefined, names: AccessDirectives): Requirement[] {
  return (directives ?? []).flatMap((directive): Requirement[] => {
    switch (directive.name.value) {
      case names.authenticated:
        return [{ authenticated: true, scopes: null, policies: null }]
      case names.requiresScopes:
        return [{ authenticated: false, scopes: alternatives(directive, 'scopes'), policies: null }]
      case names.policy:
        return [{ authenticated: false, scopes: null, policies: alternatives(directive, 'policies') }]
      default:
        return []
    }
  })
}

/** An argument that cannot be read lets nobody through. */
function alternatives(directive: ConstDirectiveNode, argument: string): Alternatives {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value
  return value === undefined ? [] : items(value).map((inner) => items(inner).flatMap((item) => (item.kind === Kind.STRING ? [item.value] : [])))
}

/** A list as it is written: one value stands for a list of it. */
function items(value: ConstValueNode): readonly ConstValueNode[] {
  return value.kind === Kind.LIST ? value.values : [value]
}
