/** An answer, or what graphql made of an operation. */
export interface Told {
  readonly data?: unknown
  readonly errors?: readonly { readonly path?: readonly (string | number)[] | undefined }[]
}

/**
 * Whether two answers report faults at the same nulls. Of several faults that make one null, which are told is a matter of time: one that
 * both tell is enough.
 */
export function tellTheSameFaults(one: Told, other: Told): boolean {
  const [own, theirs] = [faultsByNull(one), faultsByNull(other)]
  return own.size === theirs.size && [...own].every(([place, faults]) => !faults.isDisjointFrom(theirs.get(place) ?? new Set()))
}

/** The faults behind each null of an answer. */
function faultsByNull({ data, errors = [] }: Told): Map<string, Set<string>> {
  const places = new Map<string, Set<string>>()
  // Data may be written out already.
  const answered: unknown = data === undefined ? undefined : JSON.parse(JSON.stringify(data))
  for (const error of errors) {
    const path = error.path ?? []
    let value = answered
    let depth = 0
    for (; depth < path.length && value !== null && value !== undefined; depth += 1) value = (value as Record<string | number, unknown>)[path[depth] as string | number]
    const place = path.slice(0, depth).join('.')
    places.set(place, (places.get(place) ?? new Set()).add(JSON.stringify(error)))
  }
  return places
}
