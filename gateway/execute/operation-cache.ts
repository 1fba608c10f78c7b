import { type DocumentNode, Kind, print } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { checkDocument, type DocumentLimits } from '../limits/document.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { canonicalDocument } from './canonical.ts'
import type { PresentError } from './errors.ts'
import { Lru } from './lru.ts'
import { parseDocument, selectOperation, validateDocument } from './operation.ts'
import { observed, type PreparationObserver, unobserved } from './preparation.ts'
import { PreparedOperation } from './prepare.ts'

/** Longer documents are parsed each time they come: their texts, mostly white space or comments, would fill the memory. */
const maxTextLength = 65_536

/** An operation in the cache, and a request that asks for it. */
export interface CachedOperation {
  readonly text: string
  readonly operationName: string | null
  readonly prepared: PreparedOperation
}

/** Documents are read by functions that call themselves; one that nests too deeply for them is no worse than a wrong one. @throws AisleError GRAPHQL_PARSE_FAILED */
function withinStack<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) throw new AisleError('GRAPHQL_PARSE_FAILED', 'The document nests too deeply.', { cause: error })
    throw error
  }
}

/** How much is kept: operations, and bytes of memory as estimated. */
export interface CacheCapacity {
  readonly count: number
  readonly bytes: number
}

/** What operations may be like, and how their cost is estimated. */
export interface OperationLimits {
  readonly document: DocumentLimits
  /** How long a list is taken to be of which the schema says nothing. */
  readonly defaultListSize: number
}

/**
 * The operations of one supergraph, prepared once each and kept while they are used. They are found by the text of the
 * request, and behind that by what the text means, so that layout, comments and names do not split the cache.
 */
export class OperationCache {
  readonly #supergraph: Supergraph
  readonly #limits: OperationLimits
  readonly #present: PresentError
  readonly #observer: PreparationObserver
  readonly #byText: Lru<Map<string | null, PreparedOperation>>
  readonly #byMeaning: Lru<PreparedOperation>

  constructor(supergraph: Supergraph, { count, bytes: maxBytes }: CacheCapacity, present: PresentError, limits: OperationLimits, observer = unobserved) {
    this.#supergraph = supergraph
    this.#limits = limits
    this.#present = present
    this.#observer = observer
    // An operation that several texts ask for counts with each: those texts must not keep alive what is forgotten otherwise.
    this.#byText = new Lru(count, { maxBytes, weigh: (names, text) => [...names.values()].reduce((sum, { bytes }) => sum + bytes, text.length) })
    this.#byMeaning = new Lru(count, { maxBytes, weigh: ({ bytes }, text) => bytes + text.length })
  }

  /** Prepared operations, each counted once. */
  get size(): number {
    return this.#byMeaning.size
  }

  /** What they take in memory, estimated. */
  get bytes(): number {
    return this.#byMeaning.bytes
  }

  /**
   * The operation of a document; one that fails is not kept.
   * @param isTrusted true for a document that may be of any size, as those of the manifest may; asked when it is new
   * @throws InvalidRequest GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED; AisleError OPERATION_RESOLUTION_FAILURE, and the codes of {@link checkDocument}
   */
  prepare(text: string, operationName: string | null, isTrusted: () => boolean): PreparedOperation {
    const names = this.#byText.get(text)
    const known = names?.get(operationName)
    this.#observer.looked(known !== undefined)
    if (known !== undefined) return known
    const prepared = withinStack(() => this.#byDocument(text, operationName, isTrusted()))
    if (text.length > maxTextLength) return prepared
    if (names === undefined) this.#byText.set(text, new Map([[operationName, prepared]]))
    else this.#byText.set(text, names.set(operationName, prepared))
    return prepared
  }

  /** The operations that were asked for most, at most `count` of them, each with a request that finds it. */
  mostUsed(count: number): CachedOperation[] {
    const found = new Map<PreparedOperation, CachedOperation>()
    for (const [text, names] of this.#byText.entries()) {
      for (const [operationName, prepared] of names) if (!found.has(prepared)) found.set(prepared, { text, operationName, prepared })
    }
    return [...found.values()].toSorted((one, other) => other.prepared.uses - one.prepared.uses).slice(0, count)
  }

  #byDocument(text: string, operationName: string | null, trusted: boolean): PreparedOperation {
    const { document: limits, defaultListSize } = this.#limits
    const document = observed(this.#observer, 'parse', () => parseDocument(text, trusted ? 0 : limits.maxTokens))
    if (!trusted) checkDocument(document, limits)
    const known = this.#knownToBeValid(document, operationName)
    if (known !== undefined) return known
    observed(this.#observer, 'validate', () => validateDocument(this.#supergraph.schema, document, text))
    const canonical = canonicalDocument(document, selectOperation(document, operationName))
    const key = print(canonical.document)
    const same = this.#byMeaning.get(key)
    if (same !== undefined) return same
    const prepared = new PreparedOperation(this.#supergraph, canonical.document, canonical.operation, key.length, {
      present: this.#present,
      defaultListSize,
      observer: this.#observer,
      grew: (bytes) => {
        this.#byText.grew(bytes)
        this.#byMeaning.grew(bytes)
      },
    })
    this.#byMeaning.set(key, prepared)
    return prepared
  }

  /** A document that holds one operation, and nothing that the operation does not reach, is as valid as what it means. */
  #knownToBeValid(document: DocumentNode, operationName: string | null): PreparedOperation | undefined {
    const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    const [operation] = operations
    if (operation === undefined || operations.length > 1 || (operationName !== null && operation.name?.value !== operationName)) return undefined
    const canonical = canonicalDocument(document, operation)
    return canonical.document.definitions.length === document.definitions.length ? this.#byMeaning.get(print(canonical.document)) : undefined
  }
}
