import { type DocumentNode, getVariableValues, Kind, type OperationDefinitionNode, type OperationTypeNode, print } from 'graphql'
import type { Supergraph } from '../supergraph/supergraph.ts'
import type { RequestScope, SubgraphReply, Subgraphs } from '../subgraphs/types.ts'
import { type CompiledPlan, compilePlan } from './compile.ts'
import type { PresentError } from './errors.ts'
import { finish, type ResponseText } from './finish.ts'
import { introspect, partIntrospection } from './introspection.ts'
import { InvalidRequest } from './invalid-request.ts'
import type { JsonObject } from './json.ts'
import { readDocument, selectOperation } from './operation.ts'
import { Run } from './run.ts'
import { conditionVariables, readConditions } from './selection.ts'
import { compileWriter, type WriteData } from './writer.ts'

/** More combinations of `@skip` and `@include` than this are compiled anew. */
const maxWriters = 32

/** An operation that is ready to run any number of times. Immutable but for its cache of writers. */
export class PreparedOperation {
  readonly kind: OperationTypeNode
  readonly #supergraph: Supergraph
  readonly #document: DocumentNode
  readonly #operation: OperationDefinitionNode
  readonly #plan: CompiledPlan
  readonly #introspection: DocumentNode | null
  readonly #conditionNames: readonly string[]
  readonly #present: PresentError
  readonly #writers = new Map<string, WriteData>()

  constructor(supergraph: Supergraph, document: DocumentNode, operation: OperationDefinitionNode, plan: CompiledPlan, introspection: DocumentNode | null, present: PresentError) {
    this.kind = operation.operation
    this.#supergraph = supergraph
    this.#document = document
    this.#operation = operation
    this.#plan = plan
    this.#introspection = introspection
    this.#present = present
    this.#conditionNames = conditionVariables(document)
  }

  /** Coerces variables as the operation declares them. @throws InvalidRequest BAD_USER_INPUT */
  coerce(variables: JsonObject): JsonObject {
    const definitions = this.#operation.variableDefinitions ?? []
    if (definitions.length === 0) return {}
    const { coerced, errors } = getVariableValues(this.#supergraph.schema, definitions, variables, { maxErrors: 10 })
    if (errors !== undefined) throw InvalidRequest.of('BAD_USER_INPUT', errors)
    return coerced
  }

  /** Runs a query or mutation. `variables` are coerced. */
  async execute(subgraphs: Subgraphs, scope: RequestScope, variables: JsonObject): Promise<ResponseText> {
    const run = new Run(subgraphs, scope, variables)
    if (this.#introspection !== null) Object.assign(run.data, introspect(this.#supergraph.schema, this.#introspection, variables))
    await this.#plan.step(run)
    return finish(run, this.#writer(variables), this.#present)
  }

  /**
   * Runs a subscription: each event of its source runs through the rest of the plan, so that it is joined across subgraphs.
   * @throws what {@link Subgraphs.subscribe} throws, when the source fails
   */
  async *subscribe(subgraphs: Subgraphs, scope: RequestScope, variables: JsonObject): AsyncGenerator<ResponseText, void, undefined> {
    const plan = this.#plan
    if (plan.kind !== 'subscription') return
    for await (const event of subgraphs.subscribe(plan.source.serviceName, plan.source.body(variables), scope)) {
      yield await this.#onEvent(new Run(subgraphs, scope, variables), event, plan)
    }
  }

  /** The subgraph that a subscription's events come from; null for other operations. */
  get eventSource(): string | null {
    return this.#plan.kind === 'subscription' ? this.#plan.source.serviceName : null
  }

  async #onEvent(run: Run, event: SubgraphReply, plan: Extract<CompiledPlan, { kind: 'subscription' }>): Promise<ResponseText> {
    plan.source.absorb(run, event)
    await plan.step(run)
    return finish(run, this.#writer(run.variables), this.#present)
  }

  #writer(variables: JsonObject): WriteData {
    const conditions = readConditions(this.#conditionNames, variables)
    const key = this.#conditionNames.map((name) => (conditions[name] === true ? '1' : '0')).join('')
    const known = this.#writers.get(key)
    if (known !== undefined) return known
    const { schema, types } = this.#supergraph
    const writer = compileWriter(schema, types, this.#document, this.#operation, conditions)
    if (this.#writers.size >= maxWriters) this.#writers.clear()
    this.#writers.set(key, writer)
    return writer
  }
}

/**
 * Parses, validates, plans and compiles one operation of a document.
 * @throws InvalidRequest GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED; AisleError OPERATION_RESOLUTION_FAILURE, QUERY_PLANNING_FAILED
 */
export async function prepareOperation(supergraph: Supergraph, text: string, operationName: string | null, present: PresentError): Promise<PreparedOperation> {
  const document = readDocument(supergraph.schema, text)
  const operation = selectOperation(document, operationName)
  const fragments = new Map(document.definitions.flatMap((item) => (item.kind === Kind.FRAGMENT_DEFINITION ? [[item.name.value, item]] : [])))
  const { introspection, fetched } = partIntrospection(operation, fragments)
  const plan = fetched === null ? null : await supergraph.planner.plan(print(fetched))
  return new PreparedOperation(supergraph, document, operation, compilePlan(plan, supergraph.types), introspection, present)
}
