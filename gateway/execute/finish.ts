import { type ErrorCode, errorTable } from '../../runtime/errors.ts'
import type { ClientError, PresentError } from './errors.ts'
import type { Run } from './run.ts'
import type { Defect, WriteData } from './writer.ts'

/** A response ready to be sent, with the errors that are in it. */
export interface ResponseText {
  readonly text: string
  readonly errors: readonly ClientError[]
}

/** Writes what a run fetched as the client asked for it; values that cannot be shown become nulls with an error, unless one accounts for them already. */
export function finish(run: Run, write: WriteData, present: PresentError): ResponseText {
  const { text, defects } = write(run.data, run.plain)
  if (defects.length === 0 && run.errors.length === 0) return { text: responseText(text, []), errors: [] }
  const unexplained = defects.filter(({ kind, path }) => kind !== 'missing' || !run.explains(path))
  const errors = [...run.errors, ...unexplained.map((defect) => describe(defect))].map(present)
  return { text: responseText(text, errors), errors }
}

/** The body of a response; errors come first, so that they are seen. */
export function responseText(data: string, errors: readonly ClientError[]): string {
  return errors.length === 0 ? `{"data":${data}}` : `{"errors":${JSON.stringify(errors)},"data":${data}}`
}

function describe({ kind, shown, field }: Defect): ClientError {
  if (kind === 'denied') return { message: errorTable.UNAUTHORIZED_FIELD_OR_TYPE.text, path: shown, extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' satisfies ErrorCode } }
  const code: ErrorCode = kind === 'missing' ? 'UNEXPECTED_NULL' : 'SUBGRAPH_BAD_RESPONSE'
  const message = kind === 'missing' ? `Cannot return null for non-nullable field ${field}.` : `The value of ${field} is not of the field's type.`
  return { message, path: shown, extensions: { code } }
}
