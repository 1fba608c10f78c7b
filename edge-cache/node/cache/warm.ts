import { readFile, rename, writeFile } from 'node:fs/promises'
import { setImmediate as breathe } from 'node:timers/promises'
import { z } from 'zod'
import type { Logger } from '../../../runtime/log.ts'
import type { Recipe } from './key.ts'

/** So many of the newest answers are made ready again after a start. */
const mostRecipes = 2_000
const saveEveryMs = 60_000

const saved = z.array(z.object({ operationId: z.string(), variables: z.record(z.string(), z.unknown()) }))

export interface WarmthOptions {
  /** Where what was asked for is written; never what was answered, so nothing of it can be out of date. */
  readonly file: string
  /** What everybody may see, newest first. */
  readonly recipes: (most: number) => readonly Recipe[]
  /** Makes an answer ready; what is not offered any more is passed over. */
  readonly make: (recipe: Recipe) => Promise<unknown>
  readonly ready: () => boolean
  readonly log: Logger
}

/** Remembers over a restart what was asked for, and makes it ready in the background. */
export class Warmth implements AsyncDisposable {
  readonly #options: WarmthOptions
  readonly #saving: NodeJS.Timeout
  #closed = false
  /** What was not yet made ready must not be forgotten. */
  #complete = false
  /** Resolves when everything that was remembered is ready, or given up. */
  readonly warmed: Promise<void>

  constructor(options: WarmthOptions) {
    this.#options = options
    this.warmed = this.#warm()
    this.#saving = setInterval(() => void this.#save(), saveEveryMs)
    this.#saving.unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearInterval(this.#saving)
    await this.warmed
    await this.#save()
  }

  /** Oldest first, so that they end in the order of their use. Between two, whoever asks is answered. */
  async #warm(): Promise<void> {
    const { make, ready, log } = this.#options
    for (const recipe of (await this.#read()).toReversed()) {
      if (this.#closed) return
      if (!ready()) break
      await make(recipe).catch((error: unknown) => log.debug({ err: error }, 'an answer could not be made ready'))
      await breathe()
    }
    this.#complete = true
  }

  async #read(): Promise<readonly Recipe[]> {
    try {
      return saved.parse(JSON.parse(await readFile(this.#options.file, 'utf8')))
    } catch {
      // There is none yet, or it is of another version: then answers become ready as they are asked for.
      return []
    }
  }

  async #save(): Promise<void> {
    const { file, recipes, log } = this.#options
    if (!this.#complete) return
    try {
      await writeFile(`${file}.new`, JSON.stringify(recipes(mostRecipes)))
      await rename(`${file}.new`, file)
    } catch (error) {
      log.debug({ err: error }, 'what is asked for most could not be written')
    }
  }
}
