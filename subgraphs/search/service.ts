import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { AisleError } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { startFollower } from '../log/follower.ts'
import type { LogSource } from '../log/source.ts'
import { chainScope } from '../storage/entities.ts'
import { openReplica } from '../storage/sqlite/replica.ts'
import { indexedEntities, searchIndexExtension } from './index/extension.ts'
import { remembering, type RememberingIndex } from './index/remember.ts'
import { createSearchIndex, type SearchIndex } from './index/search-index.ts'
import { warmUp } from './index/warm-up.ts'
import type { SearchServices } from './part.ts'

export interface SearchServiceOptions {
  readonly source: LogSource
  /** Where the pod keeps its replica. What is in it can be made again. */
  readonly directory: string
  readonly log: Logger
  /** Longest wait for a change in one request, in milliseconds. */
  readonly waitMs?: number
}

/** A search pod's index and what keeps it fresh. */
export interface SearchService extends SearchServices, AsyncDisposable {
  /** Why it cannot answer yet, or null. */
  ready(): string | null
  /** Resolves with the first copy of the catalogue. */
  whenReady(): Promise<void>
}

/** Opens the pod's replica of the catalogue, with its index, and follows the log from where it stood. */
export function openSearchServices({ source, directory, log, waitMs }: SearchServiceOptions): SearchService {
  const replica = openReplica({
    file: join(directory, 'catalogue.db'),
    scopes: [chainScope],
    entities: indexedEntities,
    extensions: [searchIndexExtension],
  })
  let open: { readonly connection: DatabaseSync; readonly index: RememberingIndex; readonly generation: number } | null = null
  const follower = startFollower({
    source, replica, log,
    ...(waitMs === undefined ? {} : { waitMs }),
    onApplied(batches) {
      const changed = batches.flatMap(({ changes }) => changes)
      if (changed.some(({ entity }) => entity !== 'list_price')) open?.index.forget()
      else if (changed.length > 0) open?.index.forgetPrices()
    },
    onReset: () => prepare(),
  })

  // The follower writes on this thread, so that within one call of the index nothing changes under it.
  const current = (): SearchIndex => {
    if (replica.position() === null) throw new AisleError('NOT_READY', 'The search index has not yet received its first copy of the catalogue.')
    if (open?.generation !== replica.generation) {
      open?.connection.close()
      const connection = replica.reader()
      const index = createSearchIndex(connection)
      warmUp(index)
      open = { connection, index: remembering(index), generation: replica.generation }
    }
    return open.index
  }
  /** What takes its time is done before anybody asks. What fails here fails again for who asks, and is told there. */
  const prepare = (): void => {
    open?.index.forget()
    try {
      if (replica.position() !== null) current()
    } catch (error) {
      log.warn({ err: error }, 'the search index could not be opened')
    }
  }
  prepare()
  return {
    index: current,
    ready: () => (replica.position() === null ? 'the catalogue is being copied' : null),
    whenReady: () => follower.ready(),
    async [Symbol.asyncDispose]() {
      await follower[Symbol.asyncDispose]()
      open?.connection.close()
      replica.close()
    },
  }
}
