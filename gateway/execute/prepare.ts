import { type DocumentNode, getVariableValues, type OperationDefinitionNode, type OperationTypeNode } from 'graphql'
import type { Caller } from '../../runtime/identity/caller.ts'
import { ProtectedFields } from '../authorization/access.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { conditionVariables, readConditions } from './conditions.ts'
import type { PresentError } from './errors.ts'
import { InvalidRequest } from './invalid-request.ts'
import type { JsonObject } from '../../runtime/json.ts'
import { Lru } from './lru.ts'
import { compileVariant, type Variant } from './variant.ts'

/** How many combinations of conditions and rights are kept for one operation. */
const maxVariants = 32

/** One operation of a valid document, ready to be planned and run under any variables. */
export class PreparedOperation {
  readonly kind: OperationTypeNode
  readonly #supergraph: Supergraph
  readonly #document: DocumentNode
  readonly #operation: OperationDefinitionNode
  readonly #present: PresentError
  readonly #conditionNames: readonly string[]
  readonly #protected: ProtectedFields
  readonly #variants = new Lru<Promise<Variant>>(maxVariants)

  constructor(supergraph: Supergraph, document: DocumentNode, operation: OperationDefinitionNode, present: PresentError) {
    this.kind = operation.operation
    this.#supergraph = supergraph
    this.#document = document
    this.#operation = operation
    this.#present = present
    this.#conditionNames = conditionVariables(document)
    this.#protected = new ProtectedFields(supergraph.schema, supergraph.access, document)
  }

  /** Coerces variables as the operation declares them. @throws InvalidRequest BAD_USER_INPUT */
  coerce(variables: JsonObject): JsonObject {
    const definitions = this.#operation.variableDefinitions ?? []
    if (definitions.length === 0) return {}
    const { coerced, errors } = getVariableValues(this.#supergraph.schema, definitions, variables, { maxErrors: 10 })
    if (errors !== undefined) throw InvalidRequest.of('BAD_USER_INPUT', errors)
    return coerced
  }

  /** True when something that the operation selects may not be seen by this caller. */
  restricts(caller: Caller): boolean {
    return this.#protected.grantsOf(caller) !== ''
  }

  /** The operation as it is under these variables for whoever has the caller's rights, planned and compiled when first needed. @throws AisleError QUERY_PLANNING_FAILED */
  variant(variables: JsonObject, caller: Caller): Promise<Variant> {
    const grants = this.#protected.none ? '' : this.#protected.grantsOf(caller)
    let key = grants === '' ? '' : `${grants} `
    for (const name of this.#conditionNames) key += variables[name] === true ? '1' : '0'
    const known = this.#variants.get(key)
    if (known !== undefined) return known
    const conditions = readConditions(this.#conditionNames, variables)
    const pending = compileVariant(this.#supergraph, this.#document, this.#operation, conditions, this.#present, this.#protected.accessFor(grants))
    this.#variants.set(key, pending)
    pending.catch(() => this.#variants.delete(key, pending))
    return pending
  }
}
