import type { Supergraph } from '../supergraph/supergraph.ts'
import type { PresentError } from './errors.ts'
import { Lru } from './lru.ts'
import { type PreparedOperation, prepareOperation } from './prepare.ts'

/** The operations of one supergraph, prepared once each and kept while they are used. */
export class OperationCache {
  readonly #supergraph: Supergraph
  readonly #present: PresentError
  readonly #prepared: Lru<PreparedOperation>

  constructor(supergraph: Supergraph, capacity: number, present: PresentError) {
    this.#supergraph = supergraph
    this.#present = present
    this.#prepared = new Lru(capacity)
  }

  get size(): number {
    return this.#prepared.size
  }

  /** @throws what {@link prepareOperation} throws; an operation that fails is not kept */
  prepare(text: string, operationName: string | null): PreparedOperation {
    const key = `${operationName ?? ''}\n${text}`
    const known = this.#prepared.get(key)
    if (known !== undefined) return known
    const prepared = prepareOperation(this.#supergraph, text, operationName, this.#present)
    this.#prepared.set(key, prepared)
    return prepared
  }
}
