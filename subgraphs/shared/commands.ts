/** A refusal as the payloads show it. */
export interface UserError<Code extends string> {
  readonly code: Code
  readonly message: string
  readonly field: readonly string[] | null
}

/** What came of a command. In the cloud it is final; on a store's node a write may still wait for its delivery. */
export interface Outcome<Result, Code extends string> {
  /** Null when refused. */
  readonly result: Result | null
  readonly userErrors: readonly UserError<Code>[]
  readonly pending: boolean
}

/** Who runs a command, and when it counts as said. */
export interface CommandContext {
  readonly principal: string
  /** Epoch milliseconds by the clock of the process that received the command. */
  readonly now: number
  /** Where it was said, for the audit log: `cloud`, or `edge:<store>`; the cloud without it. */
  readonly source?: string
}

export function accepted<Result, Code extends string>(result: Result, pending = false): Outcome<Result, Code> {
  return { result, userErrors: [], pending }
}

export function refused<Result, Code extends string>(code: Code, message: string, field: readonly string[] | null = null): Outcome<Result, Code> {
  return { result: null, userErrors: [{ code, message, field }], pending: false }
}

/** The outcome of a command that one of the domain's rules refuses. */
export function refusedBy<Result, Code extends string>(refusal: UserError<Code>): Outcome<Result, Code> {
  return { result: null, userErrors: [refusal], pending: false }
}
