import type { GraphQLError, GraphQLFormattedError } from 'graphql'
import { AisleError, type ErrorCode, errorTable } from '../../runtime/errors.ts'

/** A request that cannot be executed at all: it has errors and no data. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest'
  readonly code: ErrorCode
  readonly errors: readonly GraphQLFormattedError[]

  constructor(code: ErrorCode, errors: readonly GraphQLFormattedError[], cause?: unknown) {
    super(errors[0]?.message ?? errorTable[code].text, cause === undefined ? undefined : { cause })
    this.code = code
    this.errors = errors
  }

  /** From the errors that graphql-js finds in a document or in variables. */
  static of(code: ErrorCode, errors: readonly GraphQLError[]): InvalidRequest {
    return new InvalidRequest(
      code,
      errors.map((error) => {
        const { message, locations, path, extensions } = error.toJSON()
        return { message, ...(locations === undefined ? {} : { locations }), ...(path === undefined ? {} : { path }), extensions: { ...extensions, code } }
      }),
    )
  }

  /** From one fault of the table; anything else is an internal error, whose text stays in the log. */
  static from(error: unknown, details: Record<string, unknown> = {}): InvalidRequest {
    if (error instanceof InvalidRequest) return error
    const known = AisleError.is(error) ? error : new AisleError('INTERNAL_SERVER_ERROR', undefined, { cause: error })
    return new InvalidRequest(known.code, [{ message: known.message, extensions: { ...known.details, ...details, code: known.code } }], known)
  }

  get status(): number {
    return errorTable[this.code].status
  }

  /** The response body. */
  get text(): string {
    return JSON.stringify({ errors: this.errors })
  }
}
