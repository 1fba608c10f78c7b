import type { z } from 'zod'
import { AisleError, type ErrorCode } from '../../runtime/errors.ts'
import { deliveryAnswer } from '../protocol.ts'
import { DeliveryRefused, type DeliveryClient } from './data/delivery/client.ts'
import type { HttpOrigin } from './http-origin.ts'

/** How much longer than another request the running of a delivery may take, in milliseconds: all of it, and each byte on its way up. */
const patienceMs = 20_000
const patienceMsPerByte = 1

/** Refusals of what was sent, not of who sent it or when. */
const ofTheRequest: ReadonlySet<ErrorCode> = new Set(['BAD_REQUEST', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'])

/** Carries a node's writes to origin over HTTP. */
export function deliveryOf(origin: HttpOrigin): DeliveryClient {
  return {
    async deliver(operations, signal) {
      let answer: z.output<typeof deliveryAnswer>
      try {
        const body = JSON.stringify({ operations })
        answer = await origin.json({ method: 'POST', path: 'operations', body, patienceMs: patienceMs + body.length * patienceMsPerByte, signal }, asAnswer)
      } catch (error) {
        if (AisleError.is(error) && ofTheRequest.has(error.code)) throw new DeliveryRefused(error.message, { cause: error })
        throw error
      }
      return answer.outcomes.map((result) => {
        const { incarnation, n } = result
        return 'fault' in result ? { incarnation, n, recorded: false, reason: `${result.fault.code}: ${result.fault.message}` } : { incarnation, n, recorded: true, reason: null }
      })
    },
  }
}

function asAnswer(value: unknown): z.output<typeof deliveryAnswer> {
  const checked = deliveryAnswer.safeParse(value)
  if (checked.success) return checked.data
  throw new AisleError('PROTOCOL_VIOLATION', 'Origin\'s answer to a delivery is none.', { cause: checked.error })
}
