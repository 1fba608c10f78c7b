import { WebSocket } from 'ws'
import { nestsTooDeeply } from '../json.ts'

/** A bad request (graphql-ws). */
const badRequest = 4400

/**
 * A server's end of a WebSocket that reads nothing which is costly to read. What is wrong with a connection (a broken frame, a message
 * too large) has ended it already when it is told: a client must not fill the log with that.
 */
export class CarefulSocket extends WebSocket {
  override emit(event: string | symbol, ...parameters: unknown[]): boolean {
    if (event === 'error') return true
    if (event === 'message' && nestsTooDeeply(String(parameters[0]))) {
      this.close(badRequest, 'The message nests too deeply')
      return true
    }
    return super.emit(event, ...parameters)
  }
}
