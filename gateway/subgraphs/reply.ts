import { AisleError } from '../../runtime/errors.ts'
import { isObject } from '../../runtime/json.ts'
import type { RawAnswer } from './transport.ts'
import type { SubgraphReply } from './types.ts'

/**
 * A GraphQL answer counts whatever its HTTP status is; anything else is reported with the status it came with.
 * @throws AisleError SUBGRAPH_BAD_RESPONSE
 */
export function readReply({ status, text }: RawAnswer): SubgraphReply {
  const answer = parseJson(text)
  if (isObject(answer)) {
    const data = isObject(answer.data) ? answer.data : null
    const hasErrors = Array.isArray(answer.errors) && answer.errors.length > 0
    if (data !== null || hasErrors) return { data, errors: answer.errors, plain: isPlain(text) }
  }
  throw new AisleError('SUBGRAPH_BAD_RESPONSE', undefined, { details: { status } })
}

/** JSON in UTF-8 without a backslash has no string that is written differently from how it reads: neither quotes nor control characters stand bare in one. */
function isPlain(text: string): boolean {
  return !text.includes('\\')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
