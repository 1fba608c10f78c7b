import { GraphQLError, locatedError, type FieldNode } from 'graphql'
import type { Arguments } from './arguments.ts'
import type { FieldPlan } from './plan.ts'
import type { Variables } from './variables.ts'

/** Where a value stands in the answer. */
export interface Path {
  readonly prev: Path | null
  readonly key: string | number
}

/** What one execution of a plan shares. */
export class Execution {
  readonly context: object
  readonly errors: GraphQLError[] = []
  readonly #variables: Variables
  readonly #arguments: (Arguments | undefined)[] = []

  constructor(context: object, variables: Variables) {
    this.context = context
    this.#variables = variables
  }

  /** The same for every parent: only variables can differ. @throws GraphQLError */
  argumentsOf({ index, readArguments }: FieldPlan): Arguments {
    return typeof readArguments === 'function' ? (this.#arguments[index] ??= readArguments(this.#variables)) : readArguments
  }

  /** Notes a fault where a null may stand, else raises it. */
  fault(raw: unknown, { nodes, nullable }: { readonly nodes: readonly FieldNode[]; readonly nullable: boolean }, prev: Path | null, key: string | number): null {
    const error = locatedError(raw, [...nodes], pathKeys(prev, key))
    if (!nullable) throw error
    this.errors.push(error)
    return null
  }
}

function pathKeys(prev: Path | null, key: string | number): (string | number)[] {
  const keys = [key]
  for (let at = prev; at !== null; at = at.prev) keys.push(at.key)
  return keys.toReversed()
}
