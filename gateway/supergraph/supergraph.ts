import { type DocumentNode, type GraphQLSchema, Kind, parse, print } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { type GrantPolicies, policiesByRole } from '../../runtime/identity/requirement.ts'
import { type AccessRules, readAccessRules } from '../authorization/rules.ts'
import { type CostRules, readCostRules } from '../limits/cost-rules.ts'
import { withPartialUnions } from '../plan/partial-unions.ts'
import { withRequiredNames } from '../plan/required-names.ts'
import { withResponseShapes } from '../plan/response-shapes.ts'
import { createSplitPlanner, type SplitOptions, type SplitPlanner } from '../plan/split.ts'
import { createTwinPlanner } from '../plan/twin-fields.ts'
import { directiveArguments } from './ast.ts'
import { checkDefinitions } from './check.ts'
import { withExternals } from './externals.ts'
import { withSpecifiedNames } from './links.ts'
import { buildPublicSchema } from './public-schema.ts'
import { createTypeSystem, type TypeSystem } from './types.ts'

/** One composed graph, ready to execute against. Immutable: a new version is a new value, swapped in whole. */
export interface Supergraph {
  /** The schema that clients see. */
  readonly schema: GraphQLSchema
  readonly planner: SplitPlanner
  readonly types: TypeSystem
  /** Who may see what. */
  readonly access: AccessRules
  /** What it says of costs. */
  readonly costs: CostRules
  /** Where each subgraph answers, by name. */
  readonly urls: ReadonlyMap<string, string>
}

/**
 * Reads a Federation 2 supergraph.
 * @param urlOverrides routing URLs by subgraph name, instead of those written in the supergraph
 * @param overrideLabels labels of progressive overrides that take place
 * @param grant which of the graph's policies a caller satisfies
 * @throws AisleError SUPERGRAPH_INVALID; CONFIG_INVALID when an override names no subgraph
 */
export async function loadSupergraph(sdl: string, urlOverrides: Readonly<Record<string, string>> = {}, overrideLabels: readonly string[] = [], grant: GrantPolicies = policiesByRole()): Promise<Supergraph> {
  const written = parseSupergraph(sdl)
  const document = withExternals(withSpecifiedNames(written))
  const graphs = joinGraphs(document)
  if (graphs.length === 0) throw new AisleError('SUPERGRAPH_INVALID', 'The supergraph cannot be used: it names no subgraph (enum join__Graph).')
  const urls = new Map(graphs.map(({ name, url }) => [name, url]))
  for (const [name, url] of Object.entries(urlOverrides)) {
    if (!urls.has(name)) throw new AisleError('CONFIG_INVALID', `--subgraph-url names the subgraph "${name}", but the supergraph has only ${[...urls.keys()].join(', ')}.`)
    urls.set(name, url)
  }
  checkDefinitions(document)
  const schema = buildPublicSchema(document)
  const { document: planned, restore } = withRequiredNames(document)
  const graphOf = new Map(graphs.map(({ value, name }) => [value, name]))
  const types = readTypes(planned, graphOf)
  const options: SplitOptions = { supergraph: planned, schema, types, labels: overrideLabels, restore }
  const split = createSplitPlanner(await createTwinPlanner(planned === written ? sdl : print(planned), overrideLabels), options)
  const planner = withResponseShapes(withPartialUnions(split, options), document, graphOf)
  return { schema, planner, types, access: readAccessRules(document, grant), costs: readCostRules(document), urls }
}

function parseSupergraph(sdl: string): DocumentNode {
  try {
    return parse(sdl, { noLocation: true })
  } catch (error) {
    throw new AisleError('SUPERGRAPH_INVALID', `The supergraph cannot be used: ${String(error)}`, { cause: error })
  }
}

function readTypes(document: DocumentNode, graphOf: ReadonlyMap<string, string>): TypeSystem {
  try {
    return createTypeSystem(document, graphOf)
  } catch (error) {
    throw new AisleError('SUPERGRAPH_INVALID', `The supergraph cannot be used: one of its keys or requirements is not a selection: ${String(error)}`, { cause: error })
  }
}

function joinGraphs(document: DocumentNode): { value: string; name: string; url: string }[] {
  return document.definitions.flatMap((definition) => {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') return []
    return (definition.values ?? []).map((value) => {
      const [join] = directiveArguments(value, 'join__graph')
      return { value: value.name.value, name: join?.name ?? value.name.value, url: join?.url ?? '' }
    })
  })
}
