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

/** No text holds a line break, for JSON writes it otherwise. */
function valueText(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'object' && value !== null ? canonicalJson(value) : JSON.stringify(value)
  return text.includes('null') && holdsInfinite(value) ? `infinite ${text}` : text
}

/** JSON reads what no double holds (1e999) as infinite, which no scalar takes, and writes that as null, which some take. */
function holdsInfinite(value: unknown): boolean {
  return typeof value === 'number' ? !Number.isFinite(value) : typeof value === 'object' && value !== null && Object.values(value).some(holdsInfinite)
}
