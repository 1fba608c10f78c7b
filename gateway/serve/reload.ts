import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import { AisleError } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import type { SupergraphSource } from '../supergraph/source.ts'

/** How a look at the source ended, when it did not find what was there before. */
export type ReloadResult = 'taken' | 'refused' | 'unreadable'

/** A file is often written in several steps; it is read when nothing has happened for this long, in milliseconds. */
const settleMs = 50
/** In a folder where something always happens it is read after this long, in milliseconds. */
const longestSettleMs = 500

export interface ReloadOptions {
  /** Pause between two looks at the source, in milliseconds; a file is also watched. 0 looks never. */
  readonly pollMs: number
  /** Serves this supergraph, as soon as it can do so well. @throws when it cannot be used; then nothing has changed */
  readonly take: (sdl: string) => Promise<void>
  readonly observe: (result: ReloadResult) => void
  readonly log: Logger
}

/** Follows the source of the supergraph. One that cannot be read or used is refused, and the one before is served on. */
export class Reloader implements Disposable {
  readonly #source: SupergraphSource
  readonly #options: ReloadOptions
  readonly #watcher: FSWatcher | null
  #timer: NodeJS.Timeout | null = null
  #looking = false
  /** The first change that was noticed and not looked at yet, by the monotonic clock. */
  #changedAt: number | null = null
  #stopped = false

  constructor(source: SupergraphSource, options: ReloadOptions) {
    this.#source = source
    this.#options = options
    this.#watcher = options.pollMs === 0 || source.isUrl ? null : this.#watchFolder()
    this.#lookIn(options.pollMs)
  }

  #lookIn(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#stopped || this.#options.pollMs === 0) return
    this.#timer = setTimeout(() => void this.#look(), ms).unref()
  }

  #onChange(): void {
    const now = performance.now()
    this.#changedAt ??= now
    this.#lookIn(Math.max(0, Math.min(settleMs, this.#changedAt + longestSettleMs - now)))
  }

  /** The folder, not the file: a file that is replaced by another, as mounted configuration is, would take its watcher with it. */
  #watchFolder(): FSWatcher | null {
    try {
      const watcher = watch(dirname(this.#source.location), { persistent: false }, () => this.#onChange())
      watcher.on('error', (error) => this.#options.log.warn({ err: error }, 'the supergraph is polled only: its folder cannot be watched any more'))
      return watcher
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the supergraph is polled only: its folder cannot be watched')
      return null
    }
  }

  async #look(): Promise<void> {
    // What changes while the one before is being taken is looked at right after it.
    if (this.#looking) return
    this.#looking = true
    this.#changedAt = null
    await this.#take()
    this.#looking = false
    this.#lookIn(this.#changedAt === null ? this.#options.pollMs : settleMs)
  }

  async #take(): Promise<void> {
    const { take, observe, log } = this.#options
    const { location } = this.#source
    let read = false
    try {
      const sdl = await this.#source.read()
      if (sdl === null || this.#stopped) return
      read = true
      await take(sdl)
      if (this.#stopped) return
      observe('taken')
      log.info({ supergraph: location }, 'a new supergraph is served')
    } catch (error) {
      // What says nothing about the supergraph, as a process that could not be started, may be gone the next time.
      if (!AisleError.is(error)) this.#source.forget()
      observe(read ? 'refused' : 'unreadable')
      const code = AisleError.is(error) ? error.code : 'SUPERGRAPH_INVALID'
      log.error({ err: error, code, supergraph: location }, 'the new supergraph is refused; the one before is served on')
    }
  }

  [Symbol.dispose](): void {
    this.#stopped = true
    this.#watcher?.close()
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
