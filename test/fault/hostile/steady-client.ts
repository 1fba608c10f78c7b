import { Agent, request } from 'node:http'

/** How long a window of measuring is, in milliseconds. */
const windowMs = 1_000
/** Pause between two of the client's requests, in milliseconds. */
const paceMs = 5

/** A client that asks the same again and again on one connection, at its own pace, and how long the slowest of a hundred answers took. */
export class SteadyClient implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: string
  readonly #body: string
  #first: string | undefined

  constructor(url: string, body: unknown) {
    this.#url = `${url}/graphql`
    this.#body = JSON.stringify(body)
  }

  /** How long the slowest of a hundred answers took in a window, in milliseconds. @throws Error when an answer is not the first one */
  async window(): Promise<number> {
    const times: number[] = []
    const end = performance.now() + windowMs
    while (performance.now() < end) {
      const start = performance.now()
      const answer = await this.#ask()
      times.push(performance.now() - start)
      this.#first ??= answer
      if (answer !== this.#first) throw new Error(`the well-behaved client was answered: ${answer.slice(0, 200)}`)
      await new Promise((resolve) => {
        setTimeout(resolve, paceMs)
      })
    }
    const sorted = times.toSorted((one, other) => one - other)
    return sorted[Math.floor(sorted.length * 0.99)] ?? Infinity
  }

  #ask(): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = request(this.#url, { method: 'POST', agent: this.#agent, headers: { 'content-type': 'application/json' } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        // A node's answer goes on with its age.
        response.on('end', () => resolve(`${response.statusCode} ${text.split(',"extensions"', 1)[0]}`))
      })
      sent.on('error', reject)
      sent.end(this.#body)
    })
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Infinity
}
