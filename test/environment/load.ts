import { ask, type Answer } from './client.ts'

/** A request that got no answer. */
export interface Failure {
  readonly request: Readonly<Record<string, unknown>>
  /** When it was sent and when it failed, as `performance.now` has it. */
  readonly began: number
  readonly failedAt: number
}

/** Clients that ask one thing after the other. */
export interface Clients {
  readonly answers: readonly Answer[]
  readonly failures: readonly Failure[]
  /** Lets them end what they have begun. @returns what failed */
  stop(): Promise<readonly Failure[]>
}

/** How long a client waits that got no answer, in milliseconds. */
const pauseMs = 20

/** Starts `count` clients. */
export function startClients(count: number, request: () => Readonly<Record<string, unknown>>, url: string): Clients {
  const answers: Answer[] = []
  const failures: Failure[] = []
  const stopping = new AbortController()
  const client = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const asked = request()
      const began = performance.now()
      try {
        answers.push(await ask(url, asked))
      } catch {
        failures.push({ request: asked, began, failedAt: performance.now() })
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }
  const running = Promise.all(Array.from({ length: count }, client))
  return {
    answers,
    failures,
    async stop() {
      stopping.abort()
      await running
      return failures
    },
  }
}
