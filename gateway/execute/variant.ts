import { type DocumentNode, Kind, type OperationDefinitionNode, OperationTypeNode } from 'graphql'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { type Access, openAccess } from '../authorization/access.ts'
import type { RequestScope, SubgraphReply, Subgraphs } from '../subgraphs/types.ts'
import { type CompiledPlan, compilePlan } from './compile.ts'
import type { Conditions } from './conditions.ts'
import type { PresentError } from './errors.ts'
import { finish, type ResponseText } from './finish.ts'
import { introspect, introspectionOf } from './introspection.ts'
import type { JsonObject } from '../../runtime/json.ts'
import { normalizeOperation } from './normalize.ts'
import { fresh, Run, type SendPolicies, sharing } from './run.ts'
import { createShowPath, type ShowPath } from './shown-path.ts'
import { compileWriter, type WriteData } from './writer.ts'

let nextId = 0

/** What a variant takes in memory beside its plan, and each character of that, in bytes; measured as for `PreparedOperation`. */
const bytesOfVariant = 3_000
const bytesOfCharacter = 7

/** An operation under decided conditions: everything that can be done before variables and data are known has been done. */
export class Variant {
  readonly #supergraph: Supergraph
  readonly #plan: CompiledPlan
  readonly #introspection: DocumentNode | null
  readonly #write: WriteData
  readonly #show: ShowPath
  readonly #present: PresentError
  readonly #policies: SendPolicies
  /** What it takes in memory, estimated. */
  readonly bytes: number
  /** Told apart from every other variant in this process. */
  readonly id = nextId++

  constructor(supergraph: Supergraph, kind: OperationTypeNode, plan: CompiledPlan, introspection: DocumentNode | null, write: WriteData, show: ShowPath, present: PresentError, planLength: number) {
    this.bytes = bytesOfVariant + planLength * bytesOfCharacter
    this.#supergraph = supergraph
    this.#plan = plan
    this.#introspection = introspection
    this.#write = write
    this.#show = show
    this.#present = present
    this.#policies = kind === OperationTypeNode.QUERY ? sharing : fresh
  }

  /** The subgraph that a subscription's events come from; null for other operations. */
  get eventSource(): string | null {
    return this.#plan.kind === 'subscription' ? this.#plan.source.serviceName : null
  }

  /** Runs a query or mutation. `variables` are coerced. */
  async execute(subgraphs: Subgraphs, scope: RequestScope, variables: JsonObject): Promise<ResponseText> {
    const run = new Run(subgraphs, scope, variables, this.#policies)
    if (this.#introspection !== null) Object.assign(run.data, introspect(this.#supergraph.schema, this.#introspection, variables))
    await this.#plan.step(run)
    return finish(run, this.#write, this.#show, this.#present)
  }

  /**
   * Runs a subscription: each event of its source runs through the rest of the plan, so that it is joined across subgraphs.
   * @throws what {@link Subgraphs.subscribe} throws, when the source fails
   */
  async *subscribe(subgraphs: Subgraphs, scope: RequestScope, variables: JsonObject): AsyncGenerator<ResponseText, void, undefined> {
    const plan = this.#plan
    if (plan.kind !== 'subscription') return
    for await (const event of subgraphs.subscribe(plan.source.serviceName, plan.source.body(variables), scope)) {
      yield await this.#onEvent(new Run(subgraphs, scope, variables, this.#policies), event, plan)
    }
  }

  async #onEvent(run: Run, event: SubgraphReply, plan: Extract<CompiledPlan, { kind: 'subscription' }>): Promise<ResponseText> {
    plan.source.absorb(run, event)
    await plan.step(run)
    return finish(run, this.#write, this.#show, this.#present)
  }
}

/** Plans and compiles. @param drawn decides the progressive overrides, see Planner.plan @throws AisleError QUERY_PLANNING_FAILED */
export async function compileVariant(
  supergraph: Supergraph,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  conditions: Conditions,
  present: PresentError,
  drawn: number,
  access: Access = openAccess,
): Promise<Variant> {
  const normalized = normalizeOperation(supergraph, document, operation, conditions, access)
  const plan = normalized === null ? null : await supergraph.planner.plan(normalized, drawn)
  const fragments = new Map(document.definitions.flatMap((item) => (item.kind === Kind.FRAGMENT_DEFINITION ? [[item.name.value, item]] : [])))
  const write = compileWriter(supergraph.schema, supergraph.types, document, operation, conditions, access)
  return new Variant(supergraph, operation.operation, compilePlan(plan, supergraph.types), introspectionOf(operation, fragments), write, createShowPath(supergraph.schema, supergraph.types, document, operation, conditions), present, JSON.stringify(plan).length)
}
