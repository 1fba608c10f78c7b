import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 25

/** Asks `/health/ready` until it answers 200; `onWait` hears why it does not yet. Ends quietly when `gone` is aborted. */
export async function waitUntilHealthy(url: string, gone: AbortSignal, onWait: (reason: string) => void): Promise<void> {
  while (!gone.aborted) {
    const problem = await problemOf(url)
    if (problem === null) return
    onWait(problem)
    await sleep(pollMs)
  }
}

/** Null when the role says that it can serve, else why not. */
export async function problemOf(url: string): Promise<string | null> {
  return await new Promise<string | null>((resolve) => {
    const request = get(`${url}/health/ready`, { agent: false, timeout: 5_000 }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => resolve('does not answer'))
      response.on('end', () => resolve(response.statusCode === 200 ? null : reasonIn(Buffer.concat(chunks).toString('utf8'))))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve('does not answer'))
  })
}

function reasonIn(body: string): string {
  try {
    const answer: unknown = JSON.parse(body)
    if (typeof answer === 'object' && answer !== null && 'problems' in answer && typeof answer.problems === 'object' && answer.problems !== null) {
      return Object.entries(answer.problems).map(([check, problem]) => `${check}: ${String(problem)}`).join(', ')
    }
  } catch {
    // Not our JSON: something else listens there.
  }
  return 'is not ready'
}
