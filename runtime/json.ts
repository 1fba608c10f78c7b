/** A parsed JSON object. */
export type JsonObject = Record<string, unknown>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of a JSON text; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A deep copy of parsed JSON. */
export function cloneJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(cloneJson)
  const copy: JsonObject = {}
  for (const [key, item] of Object.entries(value)) copy[key] = cloneJson(item)
  return copy
}

/** Shorter texts cannot nest so deeply that reading them takes long. */
const harmlessLength = 8_192
/** No request has a reason to nest deeper: input types hold each other a few times. */
const maxNesting = 200

/** True for a JSON text whose lists and objects nest so deeply that reading it, or looking into what was read, is costly or overflows the stack. */
export function nestsTooDeeply(text: string): boolean {
  if (text.length <= harmlessLength) return false
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === backslash) at++
      else if (code === quote) inString = false
    } else if (code === quote) {
      inString = true
    } else if (code === openBracket || code === openBrace) {
      if (++depth > maxNesting) return true
    } else if (code === closeBracket || code === closeBrace) {
      depth--
    }
  }
  return false
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]
