import { buildASTSchema, type DocumentNode, Kind, type OperationDefinitionNode, print, visit } from 'graphql'
import { directiveArguments, objectLike } from '../supergraph/ast.ts'
import { withKnownMembers } from './known-members.ts'
import { createSplitPlanner, type SplitOptions, type SplitPlanner } from './split.ts'
import { createTwinPlanner } from './twin-fields.ts'
import { type MissingMembers, widen } from './widen.ts'

/**
 * Of a union that subgraphs know with other members, the planner asks an entity for those members only that all of its subgraphs know, wherever
 * it stands, so that the others come without their fields. An operation that asks for such members is planned as if every subgraph
 * knew them all, and each request then freed of those that its subgraph does not know.
 * @param plain plans all other operations, and those that cannot be planned so
 */
export function withPartialUnions(plain: SplitPlanner, options: SplitOptions): SplitPlanner {
  const wide = widen(options.supergraph)
  if (wide === null) return plain
  const conditions = conditionsOn(wide.missing, options.supergraph)
  const missing = byName(wide.missing, options.supergraph)
  const create = async (): Promise<Pick<SplitPlanner, 'plan'>> => {
    const schema = buildASTSchema(options.supergraph, { assumeValid: true, assumeValidSDL: true })
    const planner = createSplitPlanner(await createTwinPlanner(print(wide.document), options.labels), { ...options, supergraph: wide.document })
    return {
      async plan(operation, drawn) {
        const plan = await planner.plan(operation, drawn)
        return plan === null ? null : withKnownMembers(plan, schema, missing)
      },
    }
  }
  let pending: Promise<Pick<SplitPlanner, 'plan'>> | null = null
  return {
    percentages: plain.percentages,
    async plan(operation, drawn) {
      if (!narrowsTo(operation, conditions)) return plain.plan(operation, drawn)
      try {
        const planner = await (pending ??= create())
        return await planner.plan(operation, drawn)
      } catch {
        return plain.plan(operation, drawn)
      }
    },
  }
}

/** Every type that a fragment may name to select fields of a member that some subgraph lacks. */
function conditionsOn(missing: MissingMembers, supergraph: DocumentNode): ReadonlySet<string> {
  const members = new Set([...missing.values()].flatMap((byGraph) => [...byGraph.values()].flatMap((names) => [...names])))
  const interfaces = supergraph.definitions.flatMap((definition) => (objectLike(definition) && members.has(definition.name.value) ? (definition.interfaces ?? []).map(({ name }) => name.value) : []))
  return new Set([...members, ...interfaces])
}

/** The same by the subgraphs' own names. */
function byName(missing: MissingMembers, supergraph: DocumentNode): MissingMembers {
  const names = new Map<string, string>()
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue
    for (const value of definition.values ?? []) {
      const [join] = directiveArguments(value, 'join__graph')
      names.set(value.name.value, join?.name ?? value.name.value)
    }
  }
  return new Map([...missing].map(([union, byGraph]) => [union, new Map([...byGraph].map(([graph, members]) => [names.get(graph) ?? graph, members]))]))
}

function narrowsTo(operation: OperationDefinitionNode, conditions: ReadonlySet<string>): boolean {
  let found = false
  visit(operation, {
    InlineFragment({ typeCondition }) {
      found ||= typeCondition !== undefined && conditions.has(typeCondition.name.value)
    },
  })
  return found
}
