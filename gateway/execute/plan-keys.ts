import type { FieldNode } from 'graphql'
import type { TypeSystem } from '../supergraph/types.ts'

const prefix = '_client_'

/** How the response keys start that the planner makes up for itself. */
export const plannersAlias = '_internal_qp_alias_'

/**
 * The response key under which a client's field is fetched. Plans read keys and required fields by their plain names, beside what the
 * client selects on the same object. Where a client's key could stand in such a place for something else (`id: name`, or `price(currency: USD)`
 * where a plan needs `price(currency: EUR)`), the field is fetched under a key of its own, so that the two never meet. Nor do the objects of keys: of them
 * a client may select more than the key has, from another subgraph. The leaves of keys are
 * fetched once, by their own names, whatever the client calls them: plans have them already.
 */
export function planKey({ alias, name, arguments: given = [], selectionSet }: FieldNode, types: TypeSystem): string {
  const key = alias?.value ?? name.value
  if (name.value.startsWith('__')) return key
  if (given.length === 0 && selectionSet === undefined && types.keyLeaves.has(name.value)) return name.value
  const taken = key === name.value ? types.readWithArguments.has(key) || types.keyObjects.has(key) : types.readByPlans.has(key)
  return taken || key.startsWith(prefix) ? prefix + key : key
}
