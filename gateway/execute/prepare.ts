import { type DocumentNode, getVariableValues, type OperationDefinitionNode, type OperationTypeNode } from 'graphql'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { type Conditions, conditionVariables, readConditions } from './conditions.ts'
import type { PresentError } from './errors.ts'
import { InvalidRequest } from './invalid-request.ts'
import type { JsonObject } from '../../runtime/json.ts'
import { Lru } from './lru.ts'
import { drawOverride } from './override.ts'
import { compileVariant, type Variant } from './variant.ts'

/** How many combinations of conditions are kept for one operation. */
const maxVariants = 32

/** One operation of a valid document, ready to be planned and run under any variables. */
export class PreparedOperation {
  readonly kind: OperationTypeNode
  readonly #supergraph: Supergraph
  readonly #document: DocumentNode
  readonly #operation: OperationDefinitionNode
  readonly #present: PresentError
  readonly #conditionNames: readonly string[]
  /** The conditions that it was asked for under. */
  readonly #seen = new Map<string, Conditions>()
  #uses = 0
  readonly #variants = new Lru<Promise<Variant>>(maxVariants)

  constructor(supergraph: Supergraph, document: DocumentNode, operation: OperationDefinitionNode, present: PresentError) {
    this.kind = operation.operation
    this.#supergraph = supergraph
    this.#document = document
    this.#operation = operation
    this.#present = present
    this.#conditionNames = conditionVariables(document)
  }

  /** How often it was asked for. */
  get uses(): number {
    return this.#uses
  }

  /** Plans and compiles what another version of this operation has planned and compiled. @throws AisleError QUERY_PLANNING_FAILED */
  async prepareAs(other: PreparedOperation): Promise<void> {
    for (const conditions of other.#seen.values()) await this.variant(conditions)
  }

  /** Coerces variables as the operation declares them. @throws InvalidRequest BAD_USER_INPUT */
  coerce(variables: JsonObject): JsonObject {
    const definitions = this.#operation.variableDefinitions ?? []
    if (definitions.length === 0) return {}
    const { coerced, errors } = getVariableValues(this.#supergraph.schema, definitions, variables, { maxErrors: 10 })
    if (errors !== undefined) throw InvalidRequest.of('BAD_USER_INPUT', errors)
    return coerced
  }

  /** The operation as it is under these variables, planned and compiled when first needed. @throws AisleError QUERY_PLANNING_FAILED */
  variant(variables: JsonObject): Promise<Variant> {
    this.#uses++
    let key = ''
    for (const name of this.#conditionNames) key += variables[name] === true ? '1' : '0'
    const drawn = drawOverride(this.#supergraph.planner.percentages)
    if (drawn !== 0) key += `/${drawn}`
    const known = this.#variants.get(key)
    if (known !== undefined) return known
    const conditions = readConditions(this.#conditionNames, variables)
    const pending = compileVariant(this.#supergraph, this.#document, this.#operation, conditions, this.#present, drawn)
    this.#variants.set(key, pending)
    if (this.#seen.size < maxVariants) this.#seen.set(key, conditions)
    pending.catch(() => this.#variants.delete(key, pending))
    return pending
  }
}
