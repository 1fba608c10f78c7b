import { type DocumentNode, getVariableValues, type OperationDefinitionNode, type OperationTypeNode } from 'graphql'
import type { Caller } from '../../runtime/identity/caller.ts'
import { ProtectedFields } from '../authorization/access.ts'
import { type Amount, evaluate } from '../limits/amount.ts'
import { compileCost } from '../limits/cost.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { type Conditions, conditionVariables, readConditions } from './conditions.ts'
import type { PresentError } from './errors.ts'
import { InvalidRequest } from './invalid-request.ts'
import type { JsonObject } from '../../runtime/json.ts'
import { Lru } from './lru.ts'
import { drawOverride } from './override.ts'
import { deprecatedIn } from './deprecated.ts'
import { observed, type PreparationObserver, unobserved } from './preparation.ts'
import { compileVariant, type Variant } from './variant.ts'

/** What an operation takes in memory beside its document, and each character of that, in bytes; measured on queries of one to sixty fields. */
const bytesOfOperation = 3_000
const bytesOfCharacter = 20

/** How many combinations of conditions and rights are kept for one operation. */
const maxVariants = 32

export interface PreparationOptions {
  readonly present: PresentError
  readonly defaultListSize: number
  readonly observer?: PreparationObserver
  readonly grew?: (bytes: number) => void
}

/** One operation of a valid document, ready to be planned and run under any variables. */
export class PreparedOperation {
  readonly kind: OperationTypeNode
  /** Schema coordinates of what it uses and should not. */
  readonly deprecated: readonly string[]
  readonly #supergraph: Supergraph
  readonly #document: DocumentNode
  readonly #operation: OperationDefinitionNode
  readonly #present: PresentError
  readonly #observer: PreparationObserver
  readonly #conditionNames: readonly string[]
  readonly #protected: ProtectedFields
  /** The conditions that it was asked for under, and by whom. */
  readonly #seen = new Map<string, { readonly conditions: Conditions; readonly who: Caller }>()
  readonly #defaultListSize: number
  #cost: Amount | null = null
  #uses = 0
  #bytes: number
  /** Told when it has taken more memory. */
  readonly #grew: (bytes: number) => void
  readonly #variants = new Lru<Promise<Variant>>(maxVariants)

  /** @param length of the document when it is printed */
  constructor(supergraph: Supergraph, document: DocumentNode, operation: OperationDefinitionNode, length: number, { present, defaultListSize, observer = unobserved, grew = () => {} }: PreparationOptions) {
    this.#bytes = bytesOfOperation + length * bytesOfCharacter
    this.#grew = grew
    this.kind = operation.operation
    this.#supergraph = supergraph
    this.#document = document
    this.#operation = operation
    this.#present = present
    this.#observer = observer
    this.deprecated = deprecatedIn(supergraph.schema, document)
    this.#defaultListSize = defaultListSize
    this.#conditionNames = conditionVariables(document)
    this.#protected = new ProtectedFields(supergraph.schema, supergraph.access, document)
  }

  /** What it takes in memory with all that has been compiled of it, estimated. */
  get bytes(): number {
    return this.#bytes
  }

  /** How often it was asked for. */
  get uses(): number {
    return this.#uses
  }

  /** Plans and compiles what another version of this operation has planned and compiled. @throws AisleError QUERY_PLANNING_FAILED */
  async prepareAs(other: PreparedOperation): Promise<void> {
    for (const { conditions, who } of other.#seen.values()) await this.variant(conditions, who)
  }

  /** Coerces variables as the operation declares them. @throws InvalidRequest BAD_USER_INPUT */
  coerce(variables: JsonObject): JsonObject {
    const definitions = this.#operation.variableDefinitions ?? []
    if (definitions.length === 0) return {}
    const { coerced, errors } = getVariableValues(this.#supergraph.schema, definitions, variables, { maxErrors: 10 })
    if (errors !== undefined) throw InvalidRequest.of('BAD_USER_INPUT', errors)
    return coerced
  }

  /** The estimated cost under coerced variables. @throws AisleError COST_QUERY_PARSE_FAILURE */
  cost(variables: JsonObject): number {
    const { schema, costs: rules } = this.#supergraph
    this.#cost ??= compileCost(this.#document, this.#operation, { schema, rules, defaultListSize: this.#defaultListSize })
    return evaluate(this.#cost, variables)
  }

  /** True when something that the operation selects may not be seen by this caller. */
  restricts(who: Caller): boolean {
    return this.#protected.grantsOf(who) !== ''
  }

  /** The operation as it is under these variables for whoever has the caller's rights, planned and compiled when first needed. @throws AisleError QUERY_PLANNING_FAILED */
  variant(variables: JsonObject, who: Caller): Promise<Variant> {
    this.#uses++
    const grants = this.#protected.none ? '' : this.#protected.grantsOf(who)
    let key = grants === '' ? '' : `${grants} `
    for (const name of this.#conditionNames) key += variables[name] === true ? '1' : '0'
    const drawn = drawOverride(this.#supergraph.planner.percentages)
    if (drawn !== 0) key += `/${drawn}`
    const known = this.#variants.get(key)
    if (known !== undefined) return known
    const conditions = readConditions(this.#conditionNames, variables)
    const compile = (): Promise<Variant> => compileVariant(this.#supergraph, this.#document, this.#operation, conditions, this.#present, drawn, this.#protected.accessFor(grants))
    const pending = observed(this.#observer, 'plan', compile)
    this.#variants.set(key, pending)
    if (this.#seen.size < maxVariants) this.#seen.set(key, { conditions, who })
    pending.then(
      ({ bytes }) => this.#grow(bytes),
      () => this.#variants.delete(key, pending),
    )
    return pending
  }

  #grow(bytes: number): void {
    this.#bytes += bytes
    this.#grew(bytes)
  }
}
