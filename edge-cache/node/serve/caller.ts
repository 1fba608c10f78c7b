import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from '../cache/key.ts'

/** Until there are tokens, everyone is the same one, as in the cloud: an operation id sent to both is then one operation. */
export const everyone: Caller = { principal: 'anonymous', rights: '' }

/** Who asks: the one place that says so, for HTTP and for sockets. */
export function callerOf(_headers: IncomingHttpHeaders): Caller {
  return everyone
}
