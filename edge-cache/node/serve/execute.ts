import { createSourceEventStream, execute, GraphQLError, type ExecutionResult, type GraphQLSchema } from 'graphql'
import { AisleError } from '../../../runtime/errors.ts'
import type { BaseContext } from '../../../subgraphs/shared/context.ts'
import { isPromise, lastly, type Later } from '../../../subgraphs/shared/soon.ts'
import type { JsonObject } from '../../../runtime/json.ts'
import type { Logger } from '../../../runtime/log.ts'
import type { ReadLog } from '../../../subgraphs/shared/reads.ts'
import type { Storage } from '../../../subgraphs/storage/storage.ts'
import type { Caller } from '../../../runtime/identity/caller.ts'
import type { NodeData, ReadSession } from '../data.ts'
import type { PreparedOperation } from './documents.ts'
import { formatErrors, isLasting } from './faults.ts'
import { freshnessAt, type Freshness } from './freshness.ts'

/** What a context reads through: a session's one cut, or (between a subscription's events) whatever is newest. */
export type Reading = ReadSession | { readonly storage: Storage; readonly connection: null }

/** Makes the context of one execution; `reads` is told what it reads. */
export type ContextMaker = (reading: Reading, caller: Caller, reads?: ReadLog) => BaseContext

/** What came of an operation; data that is written out is a `JsonText`. */
export type Executed = Pick<ExecutionResult, 'errors'> & { readonly data?: unknown }

/** Runs a query or mutation. */
export type Engine = (operation: PreparedOperation, context: BaseContext, variables: JsonObject) => Later<Executed>

/** The answer to one operation, or to one event of a subscription. */
export interface Answer {
  /** Written out, or as it is; `jsonOf` tells its text. */
  readonly data: unknown
  readonly errors: readonly object[]
  readonly edge: Freshness
  /** False where the same would fare better another time. */
  readonly keepable: boolean
}

export interface Executor {
  /** At once, where every read is answered at once. @throws AisleError NOT_READY, NODE_BUSY, BAD_USER_INPUT, or breaks with it */
  run(operation: PreparedOperation, variables: JsonObject, caller: Caller, reads?: ReadLog): Later<Answer>
  /** One answer an event, each at the newest cut. @throws AisleError BAD_USER_INPUT */
  subscribe(operation: PreparedOperation, variables: JsonObject, caller: Caller): Promise<AsyncIterableIterator<Answer>>
}

/** Executes operations on a node's copy: one read transaction an execution, held over all its awaits. */
export function createExecutor({ data, schema, engine, contextFor, log }: {
  readonly data: NodeData
  readonly schema: GraphQLSchema
  readonly engine: Engine
  readonly contextFor: ContextMaker
  readonly log: Logger
}): Executor {
  const answer = ({ data: found, errors = [] }: Executed, session: ReadSession): Answer => ({
    data: found ?? null,
    errors: errors.length === 0 ? [] : formatErrors(errors, log),
    edge: freshnessAt(data.status(), session),
    keepable: errors.every(isLasting),
  })

  const runIn = (session: ReadSession, operation: PreparedOperation, variables: JsonObject, caller: Caller, reads: ReadLog | undefined): Later<Answer> => {
    let ends = true
    try {
      const result = engine(operation, contextFor(session, caller, reads), variables)
      if (!isPromise(result)) return answer(result, session)
      ends = false
      return lastly(() => result.then((settled) => answer(settled, session)), () => session[Symbol.dispose]())
    } finally {
      if (ends) session[Symbol.dispose]()
    }
  }

  return {
    run(operation, variables, caller, reads) {
      const { version } = data.damage
      const session = data.readNow()
      const made = session === null ? data.read().then((given) => runIn(given, operation, variables, caller, reads)) : runIn(session, operation, variables, caller, reads)
      // What was found damaged meanwhile may have been read before that; what was written stays written.
      const check = (answered: Answer): Later<Answer> => (version === data.damage.version || operation.type !== 'query' ? answered : this.run(operation, variables, caller, reads))
      return isPromise(made) ? made.then(check) : check(made)
    },

    async subscribe({ document }, variables, caller) {
      // Between events nothing holds a transaction: a subscription may live for months.
      const context = contextFor({ storage: data.latest, connection: null }, caller)
      const source = await createSourceEventStream({ schema, document, contextValue: context, variableValues: variables })
      if (!(Symbol.asyncIterator in source)) throw subscriptionRefused(source.errors ?? [])
      return eventAnswers(source)

      async function* eventAnswers(events: AsyncIterable<unknown>): AsyncGenerator<Answer> {
        for await (const event of events) {
          using session = await data.read()
          const result = await execute({ schema, document, rootValue: event, contextValue: contextFor(session, caller), variableValues: variables })
          yield answer(result, session)
        }
      }
    },
  }
}

function subscriptionRefused(errors: readonly GraphQLError[]): unknown {
  const [first] = errors
  if (AisleError.is(first?.originalError)) return first.originalError
  if (first !== undefined && first.originalError === undefined) return new AisleError('BAD_USER_INPUT', first.message)
  return first?.originalError ?? new AisleError('INTERNAL_SERVER_ERROR')
}
