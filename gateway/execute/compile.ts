import { Kind, OperationTypeNode, parse, visit } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import type { FetchNode, FlattenNodePathSegment, PlanNode } from '../plan/planner.ts'
import type { TypeSystem } from '../supergraph/types.ts'
import { compileEntityFetch } from './entities.ts'
import { type Absorb, compileAbsorb, compileBody, compileRootFetch, compileRootFetchBelow } from './fetch.ts'
import { createMerge } from './merge.ts'
import type { JsonObject } from '../../runtime/json.ts'
import { compileRewrites } from './rewrites.ts'
import type { Run, Step } from './run.ts'
import { compileWalk } from './walk.ts'

/** A plan as one function; for a subscription, the source of its events apart from what each event runs through. */
export type CompiledPlan =
  | { readonly kind: 'request'; readonly step: Step }
  | { readonly kind: 'subscription'; readonly source: EventSource; readonly step: Step }

export interface EventSource {
  readonly serviceName: string
  readonly body: (variables: JsonObject) => string
  /** Takes one event of the source into a run. */
  readonly absorb: Absorb
}

const nothing: Step = () => {}

/**
 * Turns a plan into closures, once a document: nothing of the plan is interpreted while requests run.
 * @throws AisleError QUERY_PLANNING_FAILED when the plan holds something this executor does not know; better no answer than a wrong one
 */
export function compilePlan(plan: PlanNode | null, types: TypeSystem): CompiledPlan {
  if (plan === null) return { kind: 'request', step: nothing }
  try {
    const [first, ...rest] = plan.kind === 'Sequence' ? plan.nodes : [plan]
    const compiler = new PlanCompiler(types)
    if (first?.kind !== 'Subscription') return { kind: 'request', step: compiler.node(plan) }
    return { kind: 'subscription', source: compiler.source(first.primary), step: compiler.sequence(rest) }
  } catch (error) {
    throw new AisleError('QUERY_PLANNING_FAILED', `The plan of this operation cannot be executed: ${error instanceof Error ? error.message : String(error)}.`, { cause: error })
  }
}

class PlanCompiler {
  readonly #types: TypeSystem
  readonly #merge

  constructor(types: TypeSystem) {
    this.#types = types
    this.#merge = createMerge(types)
  }

  node(node: PlanNode): Step {
    switch (node.kind) {
      case 'Fetch':
        return this.#rootFetch(node)
      case 'Flatten':
        return this.#flatten(node)
      case 'BatchFetch':
        return compileEntityFetch(node, node.entityBatch.aliases, this.#types, this.#merge)
      case 'Sequence':
        return this.sequence(node.nodes)
      case 'Parallel':
        return parallel(node.nodes.map((child) => this.node(child)))
      case 'Condition':
        return this.#condition(node)
      case 'Subscription':
        throw new TypeError('a subscription stands inside another node')
      case 'Defer':
        throw new TypeError('deferred nodes are not supported')
      default:
        throw new TypeError(`unknown plan node ${JSON.stringify(node satisfies never)}`)
    }
  }

  sequence(nodes: readonly PlanNode[]): Step {
    const steps = nodes.map((child) => this.node(child))
    const [only] = steps
    if (only === undefined) return nothing
    if (steps.length === 1) return only
    return async (run) => {
      for (const step of steps) {
        const pending = step(run)
        if (pending !== undefined) await pending
      }
    }
  }

  source(node: FetchNode): EventSource {
    return { serviceName: node.serviceName, body: compileBody(node), absorb: this.#absorb(node) }
  }

  #absorb(node: FetchNode): Absorb {
    return compileAbsorb(node, compileRewrites(node.outputRewrites, this.#types), readRoot(node.operation).keys, this.#merge)
  }

  #rootFetch(node: FetchNode): Step {
    if (node.requires && node.requires.length > 0) throw new TypeError('a fetch of entities stands outside a path')
    const { kind, keys } = readRoot(node.operation)
    return compileRootFetch(node, this.#absorb(node), keys, kind === OperationTypeNode.MUTATION ? 'mutation' : 'query')
  }

  #rootFetchBelow(node: FetchNode, path: readonly FlattenNodePathSegment[]): Step {
    const { kind, keys } = readRoot(node.operation)
    if (kind !== OperationTypeNode.QUERY) throw new TypeError(`a path leads to a ${kind}`)
    if (readsEntities(node.operation)) throw new TypeError('entities are asked for without representations')
    return compileRootFetchBelow(node, compileWalk(path, this.#types), compileRewrites(node.outputRewrites, this.#types), keys, this.#merge)
  }

  #flatten({ path, node }: Extract<PlanNode, { kind: 'Flatten' }>): Step {
    if (node.kind !== 'Fetch') throw new TypeError(`a path leads to ${node.kind} instead of a fetch`)
    if (!node.requires) return this.#rootFetchBelow(node, path)
    const { requires, inputRewrites, outputRewrites } = node
    const batch = {
      alias: '_entities',
      representationsVariableName: 'representations',
      paths: [path],
      requires,
      ...(inputRewrites ? { inputRewrites } : {}),
      ...(outputRewrites ? { outputRewrites } : {}),
    }
    return compileEntityFetch(node, [batch], this.#types, this.#merge)
  }

  #condition({ condition, ifClause, elseClause }: Extract<PlanNode, { kind: 'Condition' }>): Step {
    const whenTrue = ifClause ? this.node(ifClause) : nothing
    const whenFalse = elseClause ? this.node(elseClause) : nothing
    return (run) => (run.variables[condition] === true ? whenTrue(run) : whenFalse(run))
  }
}

function parallel(steps: readonly Step[]): Step {
  return async (run: Run) => {
    const pending = steps.map((step) => step(run)).filter((promise) => promise !== undefined)
    if (pending.length > 0) await Promise.all(pending)
  }
}

function readsEntities(operation: string): boolean {
  let found = false
  visit(parse(operation, { noLocation: true }), {
    Field({ name }) {
      found ||= name.value === '_entities'
    },
  })
  return found
}

/** What kind of operation a subgraph is sent, and the response keys at its root; fields inside fragments count too. */
function readRoot(operation: string): { kind: OperationTypeNode; keys: string[] } {
  const { definitions } = parse(operation, { noLocation: true })
  const [definition] = definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new TypeError('a fetch holds no operation')
  const keys = definition.selectionSet.selections.flatMap((selection) =>
    selection.kind === Kind.FIELD && selection.name.value !== '__typename' ? [selection.alias?.value ?? selection.name.value] : [],
  )
  return { kind: definition.operation, keys }
}
