import { type DocumentNode, isExecutableDefinitionNode, Kind, type OperationDefinitionNode, OperationTypeNode, parse, print } from 'graphql'
import type { Manifest, Safelist } from '../../runtime/graphql/persisted.ts'
import { Lru } from '../execute/lru.ts'

/** How many documents are remembered with what was found about them. */
const rememberedDocuments = 1_000
/** Longer ones are looked at anew each time. */
const maxRememberedLength = 16_384

/**
 * The documents of a manifest. Layout, comments and the order of definitions do not count, as with Apollo Router; and a document that only
 * asks for the schema itself, or for the name of a root type, is in every list.
 */
export class ManifestSafelist implements Safelist {
  readonly #texts: ReadonlySet<string>
  readonly #meanings = new Set<string>()
  readonly #found = new Lru<boolean>(rememberedDocuments)
  /** A document of more tokens is none of the list: reading a large one to the end would only cost. */
  #mostTokens = 1_000

  constructor(manifest: Manifest) {
    this.#texts = new Set(manifest.values())
    for (const text of this.#texts) {
      const document = read(text)
      if (document === null) continue
      this.#meanings.add(meaningOf(document))
      this.#mostTokens = Math.max(this.#mostTokens, document.tokenCount ?? 0)
    }
  }

  has(text: string): boolean {
    if (this.#texts.has(text)) return true
    const known = this.#found.get(text)
    if (known !== undefined) return known
    const document = read(text, this.#mostTokens)
    const found = document !== null && (asksForSchema(document) || this.#meanings.has(meaningOf(document)))
    if (text.length <= maxRememberedLength) this.#found.set(text, found)
    return found
  }
}

function read(text: string, maxTokens?: number): DocumentNode | null {
  try {
    return parse(text, { noLocation: true, ...(maxTokens === undefined ? {} : { maxTokens }) })
  } catch {
    return null
  }
}

function meaningOf({ definitions }: DocumentNode): string {
  return definitions.map((definition) => print(definition)).toSorted().join('\n')
}

function asksForSchema({ definitions }: DocumentNode): boolean {
  const isIntrospection = ({ operation, selectionSet }: OperationDefinitionNode): boolean =>
    operation === OperationTypeNode.QUERY && selectionSet.selections.every((selection) => selection.kind === Kind.FIELD && selection.name.value.startsWith('__'))
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  return definitions.every(isExecutableDefinitionNode) && operations.length > 0 && operations.every(isIntrospection)
}
