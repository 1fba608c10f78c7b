import { atOnce, Gathering, isPromise, type Later } from '../../../subgraphs/shared/soon.ts'
import { settle, type Text } from './complete.ts'
import type { Execution, Path } from './execution.ts'
import type { FieldPlan, SelectionPlan } from './plan.ts'

/** Writes the fields of one object, in their order; a promise of it where any has to wait. */
export function writeSelection(execution: Execution, { fields }: SelectionPlan, source: unknown, path: Path | null): Later<string> {
  let text = ''
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] as FieldPlan
    const written = writeField(execution, field, source, path)
    if (isPromise(written)) return writeRest(execution, fields, at, text, written, source, path)
    text += written === null ? field.nullText : field.opening + written
  }
  return text === '' ? '{}' : `${text}}`
}

/** The same from the first field on that has to wait: the others are asked meanwhile. */
function writeRest(execution: Execution, fields: readonly FieldPlan[], from: number, before: string, first: PromiseLike<Text>, source: unknown, path: Path | null): Later<string> {
  const texts: Later<Text>[] = [first]
  try {
    for (let at = from + 1; at < fields.length; at += 1) texts.push(writeField(execution, fields[at] as FieldPlan, source, path))
  } catch (error) {
    settle(texts)
    throw error
  }
  return whole(texts).then((written) => {
    let text = before
    for (const [nth, value] of written.entries()) {
      const field = fields[from + nth] as FieldPlan
      text += value === null ? field.nullText : field.opening + value
    }
    return `${text}}`
  })
}

/** All of them, once the last has come. Breaks with the first that does. */
export function whole(texts: Later<Text>[]): PromiseLike<Text[]> {
  const waiting = new Gathering(texts)
  for (const [at, text] of texts.entries()) if (isPromise(text)) waiting.add(at, text)
  return waiting.whole() as PromiseLike<Text[]>
}

function writeField(execution: Execution, field: FieldPlan, source: unknown, path: Path | null): Later<Text> {
  try {
    const value = atOnce(field.resolve(source, execution.argumentsOf(field), execution.context, field.info))
    const written = isPromise(value) ? value.then((settled) => field.complete(execution, settled, path, field.key)) : field.complete(execution, value, path, field.key)
    return isPromise(written) ? written.then(null, (raw: unknown) => execution.fault(raw, field, path, field.key)) : written
  } catch (raw) {
    return execution.fault(raw, field, path, field.key)
  }
}
