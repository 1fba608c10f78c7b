import { isPromise } from '../schema/completion.ts'
import { settle } from './complete.ts'
import type { Execution, Path } from './execution.ts'
import type { FieldPlan, SelectionPlan } from './plan.ts'

type Values = Record<string, unknown>

/** Answers the fields of one object, in their order; a promise where any has to wait. */
export function executeSelection(execution: Execution, { fields }: SelectionPlan, source: unknown, path: Path | null): Values | Promise<Values> {
  const values: Values = {}
  let waiting: Promise<unknown>[] | null = null
  try {
    for (const field of fields) {
      const value = executeField(execution, field, source, path)
      values[field.key] = value
      if (isPromise(value)) (waiting ??= []).push(value.then((settled) => (values[field.key] = settled)))
    }
  } catch (error) {
    settle(Object.values(values))
    if (waiting !== null) settle(waiting)
    throw error
  }
  return waiting === null ? values : Promise.all<unknown>(waiting).then(() => values)
}

function executeField(execution: Execution, field: FieldPlan, source: unknown, path: Path | null): unknown {
  try {
    const value = field.resolve(source, execution.argumentsOf(field), execution.context, field.info)
    const completed = isPromise(value) ? value.then((settled) => field.complete(execution, settled, path, field.key)) : field.complete(execution, value, path, field.key)
    return isPromise(completed) ? completed.then(undefined, (raw: unknown) => execution.fault(raw, field, path, field.key)) : completed
  } catch (raw) {
    return execution.fault(raw, field, path, field.key)
  }
}
