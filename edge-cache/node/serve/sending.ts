import type { ServerResponse } from 'node:http'
import type { Response } from './responder.ts'

/**
 * Sends responses together, at the end of the turn of the event loop in which they were made. Requests come in bunches, and each answer that
 * leaves may wake whoever waits for it on another core: once a bunch instead of once an answer.
 */
export function sendTogether(): (response: ServerResponse, made: Response) => void {
  let waiting: { readonly response: ServerResponse; readonly made: Response }[] = []
  const sendAll = (): void => {
    const sent = waiting
    waiting = []
    for (const { response, made } of sent) write(response, made)
  }
  return (response, made) => {
    if (waiting.length === 0) setImmediate(sendAll)
    waiting.push({ response, made })
  }
}

function write(response: ServerResponse, { status, head, body }: Response): void {
  response.writeHead(status, head)
  if (body === '') response.end()
  else response.end(body, 'latin1')
}
