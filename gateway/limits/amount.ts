import type { JsonObject } from '../../runtime/json.ts'

/** A number that is known when an operation is prepared, or follows from its variables. */
export type Amount = number | ((variables: JsonObject) => number)

/** The sum, with all that is known added up at once. */
export function sum(amounts: readonly Amount[]): Amount {
  let known = 0
  const open: Exclude<Amount, number>[] = []
  for (const amount of amounts) {
    if (typeof amount === 'number') known += amount
    else open.push(amount)
  }
  const [only] = open
  if (only === undefined) return known
  if (open.length === 1) return known === 0 ? only : (variables) => known + only(variables)
  return (variables) => {
    let total = known
    for (const amount of open) total += amount(variables)
    return total
  }
}

export function product(one: Amount, other: Amount): Amount {
  if (typeof one === 'number') {
    if (typeof other === 'number') return one * other
    if (one === 0) return 0
    return one === 1 ? other : (variables) => one * other(variables)
  }
  if (typeof other === 'number') return product(other, one)
  return (variables) => one(variables) * other(variables)
}

export function evaluate(amount: Amount, variables: JsonObject): number {
  return typeof amount === 'number' ? amount : amount(variables)
}
