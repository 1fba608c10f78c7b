import type { ServerResponse } from 'node:http'
import type { ServerFigures } from '../../../runtime/http/figures.ts'
import { endServerSpan, type RequestContext } from '../../../runtime/request.ts'
import type { Response } from './responder.ts'

/** A response that is ready to be sent. */
interface Leaving {
  readonly response: ServerResponse
  readonly made: Response
  readonly method: string
  readonly startedAt: number
  /** Null where nothing but the answer's bytes came of the request. */
  readonly context: RequestContext | null
}

/**
 * Sends responses together, at the end of the turn of the event loop in which they were made. Requests come in bunches, and each answer that
 * leaves may wake whoever waits for it on another core: once a bunch instead of once an answer. The clock, too, is read twice a bunch.
 */
export class Sending {
  readonly #route: string
  readonly #figures: ServerFigures
  #waiting: Leaving[] = []
  #since = 0

  constructor(route: string, figures: ServerFigures) {
    this.#route = route
    this.#figures = figures
  }

  /** A request was taken in; when its turn began, in milliseconds. */
  begin(): number {
    this.#figures.entered()
    if (this.#waiting.length === 0) this.#since = performance.now()
    return this.#since
  }

  end(leaving: Leaving): void {
    if (this.#waiting.length === 0) setImmediate(this.#sendAll)
    this.#waiting.push(leaving)
  }

  readonly #sendAll = (): void => {
    const all = this.#waiting
    this.#waiting = []
    for (const { response, made } of all) write(response, made)
    const now = performance.now()
    for (const { made, method, startedAt, context } of all) {
      this.#figures.left(method, this.#route, made.status, (now - startedAt) / 1000)
      if (context !== null) endServerSpan(context, method, this.#route, made.status)
    }
  }
}

function write(response: ServerResponse, { status, head, body }: Response): void {
  response.writeHead(status, head)
  if (body === '') response.end()
  else response.end(body, 'latin1')
}
