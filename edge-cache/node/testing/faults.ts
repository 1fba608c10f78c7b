/** An answer, or what graphql made of an operation. */
export interface Told {
  readonly data?: unknown
  readonly errors?: readonly { readonly path?: readonly (string | number)[] | undefined }[]
}

/**
 * Whether two answers report faults at the same nulls, and the same of each place of which both do. Of several faults that make one null
 * above them a server may tell any (GraphQL, "Handling field errors"): which it met first is a matter of time.
 */
export function tellTheSameFaults(one: Told, other: Told): boolean {
  const [own, theirs] = [faultsByNull(one), faultsByNull(other)]
  return own.size === theirs.size && [...own].every(([place, faults]) => {
    const others = theirs.get(place) ?? new Map<string, string>()
    const shared = [...faults].filter(([path]) => others.has(path))
    // What is null for itself has one reason.
    if (shared.length === 0) return others.size > 0 && !faults.has(place) && !others.has(place)
    return shared.every(([path, fault]) => others.get(path) === fault)
  })
}

/** The faults behind each null of an answer, by where they happened. */
function faultsByNull({ data, errors = [] }: Told): Map<string, Map<string, string>> {
  const places = new Map<string, Map<string, string>>()
  // Data may be written out already.
  const answered: unknown = data === undefined ? undefined : JSON.parse(JSON.stringify(data))
  for (const error of errors) {
    const path = error.path ?? []
    let value = answered
    let depth = 0
    for (; depth < path.length && value !== null && value !== undefined; depth += 1) value = (value as Record<string | number, unknown>)[path[depth] as string | number]
    const place = path.slice(0, depth).join('.')
    places.set(place, (places.get(place) ?? new Map<string, string>()).set(path.join('.'), JSON.stringify(error)))
  }
  return places
}
