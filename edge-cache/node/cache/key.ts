import type { Caller } from '../../../runtime/identity/caller.ts'
import { canonicalJson } from '../../../subgraphs/shared/once.ts'

/**
 * What an answer is kept under: the operation, its variables in their declared order (left out differs from null), and the
 * caller's rights. What the operation does not declare does not matter.
 */
export function answerKey(operationId: string, declared: readonly string[], variables: Readonly<Record<string, unknown>>, { rights }: Pick<Caller, 'rights'>): string {
  let key = `${rights}\n${operationId}`
  for (const name of declared) key += `\n${valueText(variables[name])}`
  return key
}

/** Of what an answer was made, so that it can be made again. */
export interface Recipe {
  readonly operationId: string
  readonly variables: Readonly<Record<string, unknown>>
}

/**
 * What was asked under the first of these keys; without what not everybody may see, and what is not offered any more.
 * @param declared the variables of an operation by its id
 */
export function recipesOf(keys: readonly string[], declared: (operationId: string) => readonly string[] | undefined, most: number): Recipe[] {
  const recipes: Recipe[] = []
  for (const key of keys) {
    if (recipes.length === most) break
    const [rights, operationId = '', ...texts] = key.split('\n')
    const names = declared(operationId)
    if (rights !== '' || names === undefined || texts.some((text) => text.startsWith(infinite))) continue
    const given = names.flatMap((name, nth): [string, unknown][] => (texts[nth] === '' ? [] : [[name, JSON.parse(texts[nth] ?? 'null')]]))
    recipes.push({ operationId, variables: Object.fromEntries(given) })
  }
  return recipes
}

/** Marks a value that its text does not tell whole. */
const infinite = 'infinite '

/** No text holds a line break, for JSON writes it otherwise. */
function valueText(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'object' && value !== null ? canonicalJson(value) : JSON.stringify(value)
  return text.includes('null') && holdsInfinite(value) ? infinite + text : text
}

/** JSON reads what no double holds (1e999) as infinite, which no scalar takes, and writes that as null, which some take. */
function holdsInfinite(value: unknown): boolean {
  return typeof value === 'number' ? !Number.isFinite(value) : typeof value === 'object' && value !== null && Object.values(value).some(holdsInfinite)
}
