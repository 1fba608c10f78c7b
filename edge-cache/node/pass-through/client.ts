import { graphqlJson } from '../../../runtime/graphql/media.ts'
import { isObject, type JsonObject } from '../../../runtime/json.ts'
import { Breaker, type BreakerOptions } from './breaker.ts'

/** What the gateway said. */
export interface GatewayAnswer {
  readonly data: JsonObject
  readonly errors: readonly GatewayError[]
}

export interface GatewayError {
  readonly message: string
  readonly path: readonly (string | number)[]
  readonly extensions: JsonObject
}

/** How asking the gateway went: `refused` is its own word, `failed` covers whatever is not. */
export const outcomes = ['answered', 'refused', 'failed', 'late', 'busy', 'spared'] as const
export type Outcome = (typeof outcomes)[number]

export interface GatewayClientOptions extends BreakerOptions {
  /** Where the gateway answers GraphQL. */
  readonly url: string
  /** Longest wait for a whole answer, in milliseconds. */
  readonly deadlineMs: number
  /** Most requests at once; beyond, nobody waits for a place. */
  readonly most?: number
  /** Largest answer in bytes. */
  readonly mostBytes?: number
  readonly onOutcome?: (outcome: Outcome, error?: unknown) => void
}

/**
 * Asks the gateway, and never costs a store more than the deadline. Only what says that it is GraphQL is believed: a captive portal answers
 * 200 with a page, or sends elsewhere.
 */
export class GatewayClient {
  readonly #options: GatewayClientOptions
  readonly #breaker: Breaker
  readonly #most: number
  readonly #mostBytes: number
  #asking = 0

  constructor(options: GatewayClientOptions) {
    this.#options = options
    this.#breaker = new Breaker(options)
    this.#most = options.most ?? 16
    this.#mostBytes = options.mostBytes ?? 4 * 1024 * 1024
  }

  /** Whether it would be asked now. */
  get available(): boolean {
    return this.#asking < this.#most && this.#breaker.closed
  }

  /**
   * Asks for a persisted operation; `judge` what it gives. Null when there is no answer in time, or none with data; never rejects.
   * @param authorization who asks, in their own words
   */
  async ask(operationId: string, variables: Readonly<Record<string, unknown>>, authorization: string | undefined): Promise<GatewayAnswer | null> {
    if (this.#asking >= this.#most) return this.#none('busy')
    if (!this.#breaker.enter()) return this.#none('spared')
    this.#asking += 1
    const deadline = AbortSignal.timeout(this.#options.deadlineMs)
    try {
      const answer = await this.#exchange(JSON.stringify({ documentId: `sha256:${operationId}`, variables }), authorization, deadline)
      if (answer !== null) return answer
      this.#breaker.succeeded()
      return this.#none('refused')
    } catch (error) {
      this.#breaker.failed()
      return this.#none(deadline.aborted ? 'late' : 'failed', error)
    } finally {
      this.#asking -= 1
    }
  }

  /** To be told of every answer, once it is known whether it was one to that operation: what was not counts as no answer. */
  judge(fits: boolean, error?: unknown): void {
    if (fits) this.#breaker.succeeded()
    else this.#breaker.failed()
    this.#options.onOutcome?.(fits ? 'answered' : 'failed', error)
  }

  #none(outcome: Outcome, error?: unknown): null {
    this.#options.onOutcome?.(outcome, error)
    return null
  }

  /** Null for an answer that refuses the whole request. */
  async #exchange(body: string, authorization: string | undefined, signal: AbortSignal): Promise<GatewayAnswer | null> {
    const headers: Record<string, string> = { 'content-type': 'application/json', accept: graphqlJson }
    if (authorization !== undefined) headers.authorization = authorization
    const response = await fetch(this.#options.url, { method: 'POST', headers, body, signal, redirect: 'error' })
    if (!(response.headers.get('content-type') ?? '').startsWith(graphqlJson)) {
      await response.body?.cancel()
      throw new Error(`The gateway's place answered ${response.status} with ${response.headers.get('content-type')}, which is not GraphQL.`)
    }
    const answer: unknown = JSON.parse(await this.#text(response))
    if (!isObject(answer) || (response.status >= 500 && !isObject(answer.data))) throw new Error(`The gateway answered ${response.status} without a result.`)
    const errors = readErrors(answer.errors)
    if (isObject(answer.data)) return { data: answer.data, errors }
    if (errors.length === 0) throw new Error('The gateway answered neither data nor errors.')
    return null
  }

  async #text({ body }: Response): Promise<string> {
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      if (text.length > this.#mostBytes) throw new Error(`The gateway's answer is larger than ${this.#mostBytes} bytes.`)
    }
    return text + decoder.decode()
  }
}

function readErrors(errors: unknown): GatewayError[] {
  if (!Array.isArray(errors)) return []
  return errors.filter(isObject).map(({ message, path, extensions }) => ({
    message: String(message),
    path: Array.isArray(path) ? path.filter((key): key is string | number => typeof key === 'string' || typeof key === 'number') : [],
    extensions: isObject(extensions) ? extensions : {},
  }))
}
