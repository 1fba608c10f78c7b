import { type DocumentNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql'
import { AisleError, type ErrorCode } from '../../runtime/errors.ts'

/** What a document that a client writes may hold; 0 is no limit. Fragments count at every place where they are spread. */
export interface DocumentLimits {
  /** Fields inside each other. */
  readonly maxDepth: number
  /** Fields in all. */
  readonly maxHeight: number
  readonly maxAliases: number
  readonly maxRootFields: number
  /** Directives written in the document, each once. */
  readonly maxDirectives: number
  /** Lexical tokens. */
  readonly maxTokens: number
}

interface Extent {
  readonly depth: number
  readonly fields: number
  readonly aliases: number
  readonly roots: number
}

const nothing: Extent = { depth: 0, fields: 0, aliases: 0, roots: 0 }

/**
 * Refuses a document that is too large once its fragments are spread, before it is validated: fragments that spread each other twice
 * double what they stand for at each step, and validation compares fields of one name in pairs. Takes time in proportion to the text.
 * @param document need not be valid; a fragment that spreads itself counts as nothing inside itself
 * @throws AisleError MAX_DEPTH_LIMIT, MAX_HEIGHT_LIMIT, MAX_ALIASES_LIMIT, MAX_ROOT_FIELDS_LIMIT, MAX_DIRECTIVES_LIMIT
 */
export function checkDocument(document: DocumentNode, limits: DocumentLimits): void {
  const meter = new Meter(document)
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue
    const { depth, fields, aliases, roots } = meter.extentOf(definition)
    refuseMore('MAX_DEPTH_LIMIT', depth, limits.maxDepth)
    refuseMore('MAX_HEIGHT_LIMIT', fields, limits.maxHeight)
    refuseMore('MAX_ALIASES_LIMIT', aliases, limits.maxAliases)
    if (definition.kind === Kind.OPERATION_DEFINITION) refuseMore('MAX_ROOT_FIELDS_LIMIT', roots, limits.maxRootFields)
  }
  refuseMore('MAX_DIRECTIVES_LIMIT', meter.directives, limits.maxDirectives)
}

function refuseMore(code: ErrorCode, found: number, limit: number): void {
  if (limit > 0 && found > limit) throw new AisleError(code, undefined, { details: { limit } })
}

/** Measures each fragment once, whoever spreads it. */
class Meter {
  directives = 0
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #known = new Map<FragmentDefinitionNode | OperationDefinitionNode, Extent>()

  constructor(document: DocumentNode) {
    this.#fragments = new Map(document.definitions.flatMap((item) => (item.kind === Kind.FRAGMENT_DEFINITION ? [[item.name.value, item]] : [])))
  }

  extentOf(definition: FragmentDefinitionNode | OperationDefinitionNode): Extent {
    const known = this.#known.get(definition)
    if (known !== undefined) return known
    this.#known.set(definition, nothing)
    this.directives += definition.directives?.length ?? 0
    const extent = this.#ofSet(definition.selectionSet)
    this.#known.set(definition, extent)
    return extent
  }

  #ofSet({ selections }: SelectionSetNode): Extent {
    let [depth, fields, aliases, roots] = [0, 0, 0, 0]
    for (const selection of selections) {
      this.directives += selection.directives?.length ?? 0
      if (selection.kind === Kind.FIELD) {
        const inner = selection.selectionSet === undefined ? nothing : this.#ofSet(selection.selectionSet)
        depth = Math.max(depth, inner.depth + 1)
        fields += inner.fields + 1
        aliases += inner.aliases + (selection.alias === undefined ? 0 : 1)
        roots += 1
      } else {
        const inner = selection.kind === Kind.INLINE_FRAGMENT ? this.#ofSet(selection.selectionSet) : this.#spread(selection.name.value)
        depth = Math.max(depth, inner.depth)
        fields += inner.fields
        aliases += inner.aliases
        roots += inner.roots
      }
    }
    return { depth, fields, aliases, roots }
  }

  #spread(name: string): Extent {
    const fragment = this.#fragments.get(name)
    return fragment === undefined ? nothing : this.extentOf(fragment)
  }
}
