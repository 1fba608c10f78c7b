import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type pg from 'pg'
import { readPages, type PageQuestion } from './read-changes.ts'
import type { ChangesPage } from './source.ts'

/** Most questions that one statement answers, and most changes that it reads for them. */
export const mostTogether = 16
const mostChanges = 8_000

interface Asked {
  readonly question: PageQuestion
  readonly answer: (page: ChangesPage) => void
  readonly refuse: (error: unknown) => void
}

/**
 * Pages of the log from the database, for many at once: whoever asks while statements run waits for the next one, which answers all who wait
 * together. To plan a statement, send it and find the log's place costs more than to read the few changes that one store lacks.
 */
export class SharedReads {
  readonly #pool: pg.Pool
  readonly #atOnce: number
  readonly #waiting: Asked[] = []
  #working = 0

  /** @param atOnce most statements at once */
  constructor(pool: pg.Pool, atOnce: number) {
    this.#pool = pool
    this.#atOnce = atOnce
  }

  /** @throws AisleError as `readChanges` does */
  read(question: PageQuestion): Promise<ChangesPage> {
    const { promise, resolve, reject } = Promise.withResolvers<ChangesPage>()
    this.#waiting.push({ question, answer: resolve, refuse: reject })
    if (this.#working < this.#atOnce) void this.#work()
    return promise
  }

  async #work(): Promise<void> {
    this.#working += 1
    while (this.#waiting.length > 0) await this.#answer(this.#waiting.splice(0, mostTogether))
    this.#working -= 1
  }

  async #answer(asked: readonly Asked[]): Promise<void> {
    // The more ask together, the less of a long way back each gets at a time.
    const most = Math.floor(mostChanges / asked.length)
    try {
      const pages = await readPages(this.#pool, asked.map(({ question }) => ({ ...question, limit: Math.min(question.limit, most) })))
      for (const [nth, { answer, refuse }] of asked.entries()) {
        try {
          const page = pages[nth]?.()
          if (page !== undefined) answer(page)
        } catch (error) {
          refuse(error)
        }
        // What has come for those at the head of the log goes first.
        await turnOfTheLoop()
      }
    } catch (error) {
      for (const { refuse } of asked) refuse(error)
    }
  }
}
