import { Gathering, isPromise, type Later } from '../../../subgraphs/shared/soon.ts'
import { settle } from './complete.ts'
import type { Execution, Path } from './execution.ts'
import type { FieldPlan, SelectionPlan } from './plan.ts'

type Values = Record<string, unknown>

/** Answers the fields of one object, in their order; a promise where any has to wait. */
export function executeSelection(execution: Execution, { fields, blank }: SelectionPlan, source: unknown, path: Path | null): Later<Values> {
  const values: Values = { ...blank }
  let waiting: Gathering<Values> | null = null
  try {
    for (const field of fields) {
      const value = executeField(execution, field, source, path)
      values[field.key] = value
      if (isPromise(value)) (waiting ??= new Gathering(values)).add(field.key, value)
    }
  } catch (error) {
    settle(Object.values(values))
    throw error
  }
  return waiting === null ? values : waiting.whole()
}

function executeField(execution: Execution, field: FieldPlan, source: unknown, path: Path | null): unknown {
  try {
    const value = field.resolve(source, execution.argumentsOf(field), execution.context, field.info)
    const completed = isPromise(value) ? value.then((settled) => field.complete(execution, settled, path, field.key)) : field.complete(execution, value, path, field.key)
    return isPromise(completed) ? completed.then(null, (raw: unknown) => execution.fault(raw, field, path, field.key)) : completed
  } catch (raw) {
    return execution.fault(raw, field, path, field.key)
  }
}
