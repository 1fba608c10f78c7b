/** Attributes as they are stored: [name, value] in the file's order. */
export type Attributes = readonly (readonly [name: string, value: string])[]

/** One token of well-formed JSON: a string, a mark, or a literal. */
const token = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+)/g

/**
 * Reads a JSON object as an ordered list of names and texts. `JSON.parse` alone would move names that look like numbers
 * to the front and round long numbers. A null leaves its attribute out; a list or an object is kept as its JSON text.
 * @returns the list, or what is wrong with the text.
 */
export function readAttributes(json: string): Attributes | string {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    return 'is not JSON'
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'is not a JSON object'
  const attributes: [string, string][] = []
  const names = new Set<string>()
  for (const [name, source] of topLevel(json)) {
    if (name === '') return 'has an attribute without a name'
    if (names.has(name)) return `has the attribute ${JSON.stringify(name)} twice`
    names.add(name)
    if (source !== 'null') attributes.push([name, valueText(source)])
  }
  return attributes
}

/** Names and the source text of values of a well-formed object. */
function* topLevel(json: string): Generator<[string, string]> {
  let depth = 0
  let name: string | null = null
  let valueStart = 0
  for (const match of json.matchAll(token)) {
    const text = match[1] ?? ''
    const end = match.index + match[0].length
    if (text === '}' || text === ']') depth -= 1
    if (depth === 1 && name === null && text.startsWith('"')) {
      name = String(JSON.parse(text))
    } else if (depth === 1 && text === ':') {
      valueStart = end
    } else if (name !== null && ((depth === 1 && text === ',') || depth === 0)) {
      yield [name, json.slice(valueStart, end - text.length).trim()]
      name = null
    }
    if (text === '{' || text === '[') depth += 1
  }
}

function valueText(source: string): string {
  if (source.startsWith('"')) return String(JSON.parse(source))
  return /^[{[]/.test(source) ? JSON.stringify(JSON.parse(source)) : source
}
