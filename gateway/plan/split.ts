import {
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  print,
  type SelectionNode,
} from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import type { KeyFields, TypeSystem } from '../supergraph/types.ts'
import { entityField, entityGraph, type KnownEntity, selectionOf, withEntityRoot } from './entity-root.ts'
import type { FlattenNodePathSegment, Planner, PlanNode } from './planner.ts'
import { graft, graftRoot } from './graft.ts'
import { withInterfaceKeys } from './interface-keys.ts'
import { sendsEachApart } from './required-names.ts'
import { keepsRequirements } from './requirements.ts'
import { hasSelections, merged, narrowed, parseSelections, partedAt, replaced } from './selections.ts'
import { type Step, stepInto, towardsLoss } from './steps.ts'
import { createTwinPlanner } from './twin-fields.ts'

/** How often the planner is asked for one operation before it is given up. */
const maxAttempts = 400

/** Plans operations that the planner fails on as a whole. */
export interface SplitPlanner {
  readonly percentages: readonly number[]
  /**
   * Plans an operation in the form of `normalizeOperation`: inline fragments only, and each field once.
   * @throws AisleError QUERY_PLANNING_FAILED
   */
  plan(operation: OperationDefinitionNode, drawn: number): Promise<PlanNode | null>
}

export interface SplitOptions {
  readonly supergraph: DocumentNode
  readonly schema: GraphQLSchema
  readonly types: TypeSystem
  readonly labels: readonly string[]
  /** Reads a plan that was made over the supergraph, see `withRequiredNames`. */
  readonly restore: (plan: PlanNode) => PlanNode
}

/**
 * The planner fails on some valid operations, such as a field with `@requires` below a second visit to its subgraph. Such an operation is cut at
 * an entity above the place that fails: the rest of the operation asks for the entity's key there, and what was cut off is planned
 * by itself from that key and put behind it. So each part is a plan of the same planner, and together they fetch what was asked.
 */
export function createSplitPlanner(given: Planner, options: SplitOptions): SplitPlanner {
  const planner = withRequirements(given, options)
  const entities = new Map<string, Promise<Planner | null>>()
  const query = options.schema.getQueryType()?.name ?? 'Query'
  const plannerOf: PlannerOf = (known) => {
    const slot = `${known.typeName} ${print(selectionOf(known.key))} ${known.required === null ? '' : print(known.required)}`
    const before = entities.get(slot)
    if (before !== undefined) return before
    const sdl = withEntityRoot(options.supergraph, query, known)
    const made = sdl === null ? Promise.resolve(null) : createTwinPlanner(sdl, options.labels, entityGraph).then((entityPlanner) => withRequirements(entityPlanner, options), () => null)
    entities.set(slot, made)
    return made
  }
  const planWhole = async (operation: OperationDefinitionNode, drawn: number): Promise<PlanNode | null> => {
    const splitter = new Splitter(planner, plannerOf, options, operation, drawn)
    if (splitter.isLossy()) {
      const split = await splitter.plan()
      // What the planner takes for a plan of the whole would leave out fields of some types.
      if (split === undefined) throw new AisleError('QUERY_PLANNING_FAILED', 'The operation could not be planned: it asks several types at one place for fields of an interface object, and cannot be parted.')
      return split
    }
    try {
      return await planner.plan(print(operation), drawn)
    } catch (error) {
      const split = await splitter.plan()
      if (split === undefined) throw error
      return split
    }
  }
  return {
    percentages: planner.percentages,
    async plan(asked, drawn) {
      const operation = withInterfaceKeys(asked, options.schema, options.types)
      const { selections } = operation.selectionSet
      const whole = await planWhole(operation, drawn)
      if (operation.operation !== OperationTypeNode.MUTATION || selections.length === 1 || joinsNothing(whole)) return whole
      // What one mutation changes is read before the next runs; the planner puts all that is joined behind the last.
      const plans: PlanNode[] = []
      for (const selection of selections) {
        const plan = await planWhole({ ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: [selection] } }, drawn)
        if (plan !== null) plans.push(plan)
      }
      return { kind: 'Sequence', nodes: plans }
    },
  }
}

/** Reads the plans of a planner, and fails where it would send fields what others require. */
function withRequirements(planner: Planner, { restore, types }: SplitOptions): Planner {
  return {
    percentages: planner.percentages,
    async plan(document, drawn) {
      const plan = await planner.plan(document, drawn)
      const made = plan === null ? null : restore(plan)
      if (!sendsEachApart(made) || !keepsRequirements(made, types)) throw new AisleError('QUERY_PLANNING_FAILED', 'The operation could not be planned: fields of it require another with different arguments, and cannot be parted.')
      return made
    },
  }
}

/** True when a plan asks subgraphs for fields of the root alone. */
function joinsNothing(plan: PlanNode | null): boolean {
  return plan === null || plan.kind === 'Fetch' || (plan.kind === 'Sequence' && plan.nodes.every((node) => node.kind === 'Fetch'))
}

/** The planner that starts at an entity of which this is known; null where there is none. */
type PlannerOf = (known: KnownEntity) => Promise<Planner | null>

/** Where a plan starts: at the operation's root, or at an entity whose key is known. */
interface Root {
  readonly type: GraphQLNamedType
  /** Null at the operation's root. */
  readonly known: KnownEntity | null
  /** The keys by which it was reached. */
  readonly keys: readonly KeyFields[]
  attempt(selections: readonly SelectionNode[]): Promise<PlanNode | null>
  /** Where it stands in the response. */
  readonly path: readonly FlattenNodePathSegment[]
}

class Splitter {
  readonly #planner: Planner
  readonly #plannerOf: PlannerOf
  readonly #options: SplitOptions
  readonly #operation: OperationDefinitionNode
  readonly #drawn: number
  #attempts = 0
  /** What came of each attempt, and of each part: cutting in another order leads to the same parts again. */
  readonly #attempted = new Map<string, PlanNode | null | undefined>()
  readonly #solved = new Map<string, PlanNode | null | undefined>()

  constructor(planner: Planner, plannerOf: PlannerOf, options: SplitOptions, operation: OperationDefinitionNode, drawn: number) {
    this.#planner = planner
    this.#plannerOf = plannerOf
    this.#options = options
    this.#operation = operation
    this.#drawn = drawn
  }

  /** Undefined where no way of cutting helps. */
  async plan(): Promise<PlanNode | null | undefined> {
    const { operation, selectionSet } = this.#operation
    const type = this.#options.schema.getRootType(operation)
    if (!type) return undefined
    const root: Root = { type, known: null, keys: [], path: [], attempt: (selections) => this.#planner.plan(print({ ...this.#operation, selectionSet: { kind: Kind.SELECTION_SET, selections } }), this.#drawn) }
    // What one mutation changes is read before the next runs.
    return operation === OperationTypeNode.MUTATION ? this.#apart(root, selectionSet.selections) : this.#solve(root, selectionSet.selections)
  }

  /** True when the planner would take a plan for right that is not. */
  isLossy(): boolean {
    const type = this.#options.schema.getRootType(this.#operation.operation)
    return type ? towardsLoss(this.#options, type, [], this.#operation.selectionSet.selections) !== null : false
  }

  async #solve(root: Root, selections: readonly SelectionNode[]): Promise<PlanNode | null | undefined> {
    const problem = slotOf(root, selections)
    if (this.#solved.has(problem)) return this.#solved.get(problem)
    // A part that leads back to itself leads nowhere.
    this.#solved.set(problem, undefined)
    const plan = await this.#solveAnew(root, selections)
    this.#solved.set(problem, plan)
    return plan
  }

  async #solveAnew(root: Root, selections: readonly SelectionNode[]): Promise<PlanNode | null | undefined> {
    const loss = towardsLoss(this.#options, root.type, root.path, selections)
    if (loss !== null) {
      const plan = await this.#cut(root, selections, loss)
      if (plan !== undefined) return plan
    }
    const whole = loss === null ? await this.#attempt(root, selections) : undefined
    if (whole !== undefined) return whole
    const steps = await this.#towardsFailure(root, selections)
    const belowRoot = await this.#cutAtRoot(root, selections, steps)
    if (belowRoot !== undefined) return belowRoot
    for (let length = steps.length; length > 0; length--) {
      const plan = await this.#cut(root, selections, steps.slice(0, length))
      if (plan !== undefined) return plan
    }
    const plan = (await this.#byOtherKey(root, selections)) ?? (await this.#afterRequired(root, selections))
    return plan === undefined && selections.length > 1 ? this.#apart(root, selections) : plan
  }

  /** Each selection by itself, one after the other. */
  async #apart(root: Root, selections: readonly SelectionNode[]): Promise<PlanNode | null | undefined> {
    const plans: PlanNode[] = []
    for (const selection of selections) {
      const plan = await this.#solve(root, [selection])
      if (plan === undefined) return undefined
      if (plan !== null) plans.push(plan)
    }
    return plans.length === 0 ? null : { kind: 'Sequence', nodes: plans }
  }

  async #attempt(root: Root, selections: readonly SelectionNode[]): Promise<PlanNode | null | undefined> {
    const problem = slotOf(root, selections)
    if (this.#attempted.has(problem)) return this.#attempted.get(problem)
    if (++this.#attempts > maxAttempts) return undefined
    const plan = await root.attempt(selections).catch(() => undefined)
    this.#attempted.set(problem, plan)
    return plan
  }

  /** Follows the first child that fails without its siblings, as far down as there is one. */
  async #towardsFailure(root: Root, selections: readonly SelectionNode[]): Promise<Step[]> {
    const steps: Step[] = []
    let inside = selections
    let type = root.type
    for (;;) {
      let next: Step | null = null
      for (const node of inside) {
        if (node.kind === Kind.FRAGMENT_SPREAD || !hasSelections(node)) continue
        if ((await this.#attempt(root, narrowed(steps, node))) !== undefined) continue
        next = stepInto(this.#options.schema, steps.at(-1)?.path ?? root.path, type, node)
        break
      }
      if (next === null) return steps
      steps.push(next)
      inside = next.node.selectionSet.selections
      type = next.type
    }
  }

  /** Cuts where the first of the steps leads to an object of the query's root type: all that is selected of it is fetched as from the root. */
  async #cutAtRoot(root: Root, selections: readonly SelectionNode[], steps: readonly Step[]): Promise<PlanNode | null | undefined> {
    const length = steps.findIndex(({ type }) => type === this.#options.schema.getQueryType()) + 1
    const place = steps[length - 1]
    if (place === undefined) return undefined
    const query: Root = {
      type: place.type,
      known: null,
      keys: [],
      path: place.path,
      attempt: async (inside) => {
        const plan = await this.#planner.plan(print({ ...this.#operation, operation: OperationTypeNode.QUERY, selectionSet: { kind: Kind.SELECTION_SET, selections: inside } }), this.#drawn)
        return plan === null ? null : graftRoot(plan, place.path)
      },
    }
    const isTypename = (selection: SelectionNode): boolean => selection.kind === Kind.FIELD && selection.name.value === '__typename'
    const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } } as const
    const below = await this.#solve(query, place.node.selectionSet.selections.filter((selection) => !isTypename(selection)))
    if (below === undefined) return undefined
    const above = await this.#solve(root, replaced(selections, steps.slice(0, length), [typename]))
    return above === undefined ? undefined : inOrder(above, below)
  }

  /** Cuts at the last of the steps. */
  async #cut(root: Root, selections: readonly SelectionNode[], steps: readonly Step[]): Promise<PlanNode | null | undefined> {
    const place = steps.at(-1)
    if (place === undefined || !(isObjectType(place.type) || isInterfaceType(place.type))) return undefined
    for (const key of this.#options.types.keysOfType(place.type.name)) {
      const entity = await this.#entity({ typeName: place.type.name, key, required: null }, place, [key])
      if (entity === null) continue
      for (const parts of partedAt(place.node.selectionSet.selections, key)) {
        const below = await this.#solve(entity, parts.below)
        if (below === undefined) continue
        const above = await this.#solve(root, replaced(selections, steps, parts.above))
        if (above !== undefined) return inOrder(above, below)
      }
    }
    return undefined
  }

  /** Fetches another key of an entity first, and the rest by that. */
  async #byOtherKey(root: Root, selections: readonly SelectionNode[]): Promise<PlanNode | null | undefined> {
    const { known, type } = root
    if (known === null) return undefined
    for (const key of this.#options.types.keysOfType(known.typeName)) {
      if (root.keys.includes(key)) continue
      for (const parts of partedAt(selections, key)) {
        const above = await this.#attempt(root, parts.above)
        const entity = above === undefined ? null : await this.#entity({ ...known, key }, { type, path: root.path }, [...root.keys, key])
        const below = entity === null ? undefined : await this.#solve(entity, parts.below)
        if (above !== undefined && below !== undefined) return inOrder(above, below)
      }
    }
    return undefined
  }

  /** Fetches first what some fields of an entity require, and then those fields as if it were known anyhow. */
  async #afterRequired(root: Root, selections: readonly SelectionNode[]): Promise<PlanNode | null | undefined> {
    const { known, type } = root
    if (known === null) return undefined
    for (const requirement of await this.#failingRequirements(root, selections)) {
      const required = parseSelections(requirement)
      const entity = await this.#entity({ ...known, required }, { type, path: root.path }, root.keys)
      const needy = selections.filter((selection) => this.#requirement(type, selection) === requirement)
      const below = entity === null ? undefined : await this.#solve(entity, needy)
      if (below === undefined) continue
      const others = selections.filter((selection) => !needy.includes(selection))
      const above = await this.#solve(root, merged([...others, ...required.selections]))
      if (above !== undefined) return inOrder(above, below)
    }
    return undefined
  }

  async #failingRequirements(root: Root, selections: readonly SelectionNode[]): Promise<ReadonlySet<string>> {
    const failing = new Set<string>()
    for (const selection of selections) {
      const requirement = this.#requirement(root.type, selection)
      if (requirement === null || failing.has(requirement) || (root.known?.required && print(root.known.required) === print(parseSelections(requirement)))) continue
      if ((await this.#attempt(root, [selection])) === undefined) failing.add(requirement)
    }
    return failing
  }

  #requirement({ name }: GraphQLNamedType, selection: SelectionNode): string | null {
    return selection.kind === Kind.FIELD ? this.#options.types.requirementOf(name, selection.name.value) : null
  }

  async #entity(known: KnownEntity, { type, path }: Pick<Step, 'type' | 'path'>, keys: readonly KeyFields[]): Promise<Root | null> {
    const planner = await this.#plannerOf(known)
    if (planner === null) return null
    return {
      type,
      known,
      keys,
      path,
      attempt: async (selections) => {
        const set = { kind: Kind.SELECTION_SET, selections: [{ kind: Kind.FIELD, name: { kind: Kind.NAME, value: entityField }, selectionSet: { kind: Kind.SELECTION_SET, selections } }] } as const
        const plan = await planner.plan(print({ ...this.#operation, operation: OperationTypeNode.QUERY, selectionSet: set }), this.#drawn)
        return plan === null ? null : graft(plan, entityGraph, entityField, path)
      },
    }
  }
}

/** Tells apart what is selected where. */
function slotOf({ known, keys, path }: Root, selections: readonly SelectionNode[]): string {
  const from = known === null ? '' : [known.typeName, known.required === null ? '' : print(known.required), ...keys.map((key) => print(selectionOf(key)))].join(' ')
  return `${from} ${JSON.stringify(path)} ${print({ kind: Kind.SELECTION_SET, selections })}`
}

function inOrder(first: PlanNode | null, second: PlanNode | null): PlanNode | null {
  if (first === null || second === null) return first ?? second
  return { kind: 'Sequence', nodes: [...(first.kind === 'Sequence' ? first.nodes : [first]), second] }
}
