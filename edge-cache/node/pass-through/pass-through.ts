import { buildASTSchema, execute, parse, printSchema, type ExecutionResult, type GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql'
import type { ErrorCode } from '../../../runtime/errors.ts'
import { isObject, type JsonObject } from '../../../runtime/json.ts'
import type { Caller } from '../../../runtime/identity/caller.ts'
import type { Logger } from '../../../runtime/log.ts'
import type { NodeData } from '../data.ts'
import type { PreparedOperation } from '../serve/documents.ts'
import type { Answer, ContextMaker } from '../serve/execute.ts'
import { formatErrors } from '../serve/faults.ts'
import { freshness } from '../serve/freshness.ts'
import type { GatewayAnswer, GatewayClient } from './client.ts'
import { graft, set, Unfilled, type Grafted, type Hole } from './graft.ts'
import { lenientSchema } from './lenient.ts'

/** What only the cloud can answer, for good or at the moment. */
const beyond: ReadonlySet<unknown> = new Set<ErrorCode>(['OUT_OF_SCOPE', 'OUT_OF_RETENTION', 'CLOUD_ONLY', 'COPY_DAMAGED'])

/** Whether an answer lacks something that the gateway could tell. */
export function lacks(errors: readonly object[]): boolean {
  return errors.some(({ extensions }: { extensions?: { code?: unknown } }) => beyond.has(extensions?.code))
}

export interface PassThroughOptions {
  readonly data: NodeData
  readonly schema: GraphQLSchema
  readonly contextFor: ContextMaker
  readonly client: GatewayClient
  readonly log: Logger
}

/** Completes answers of the node by what the gateway knows, while there is a link. */
export class PassThrough {
  readonly #options: PassThroughOptions
  readonly #lenient: GraphQLSchema
  /** The node's types without its resolvers: gives values that are there already the form of an answer. */
  readonly #plain: GraphQLSchema

  constructor(options: PassThroughOptions) {
    this.#options = options
    this.#lenient = lenientSchema(options.schema)
    this.#plain = buildASTSchema(parse(printSchema(options.schema)))
  }

  /** Whether the gateway would be asked now. */
  get available(): boolean {
    return this.#options.client.available && this.#options.data.status().online
  }

  /**
   * The answer to a query that this node can answer in part: its own part as it stands here, pending writes included, and the gateway's values
   * where it holds nothing. Null when the gateway does not help.
   */
  async complete(operation: PreparedOperation, variables: JsonObject, caller: Caller, authorization: string | undefined): Promise<Answer | null> {
    const { client, data, contextFor, log } = this.#options
    if (!this.available) return null
    const answer = await client.ask(operation.id, variables, authorization)
    if (answer === null) return null
    let unfit: unknown = null
    try {
      using session = await data.read()
      const own = await execute({ schema: this.#lenient, document: operation.document, contextValue: contextFor(session, caller), variableValues: variables })
      const grafted = isObject(own.data) ? this.#graft(own.data, formatErrors(own.errors ?? [], log), answer) : null
      if (grafted === null) return null
      const result = await this.#asAnswered(operation, variables, grafted.data)
      unfit = (result.errors ?? []).find((error) => asFault(error) === null) ?? null
      if (unfit !== null) return null
      const told = (result.errors ?? []).map(asFault).filter((fault) => fault !== null)
      const edge = { ...freshness(data.status(), session.position), fromGateway: grafted.filled }
      return { data: result.data ?? null, errors: [...told, ...grafted.errors], edge, keepable: false }
    } catch (error) {
      // The node's own answer is there already.
      log.error({ err: error, operation: operation.name }, 'an answer could not be completed by the gateway\'s')
      return null
    } finally {
      client.judge(unfit === null, unfit)
    }
  }

  /** Null for what cannot be told apart: an error without a place. */
  #graft(own: JsonObject, errors: readonly GraphQLFormattedError[], answer: GatewayAnswer): Grafted | null {
    const holes: Hole[] = []
    for (const error of errors) {
      if (error.path === undefined) return null
      if (lacks([error])) holes.push({ path: error.path, error })
      // It stands again where it stood, so that it takes with it what it may.
      else set(own, error.path, new Unfilled(error))
    }
    return graft(own, holes, answer)
  }

  /** Values in the form of an answer: what may not be null takes its parent with it, and what has another shape is an error. */
  async #asAnswered({ document }: PreparedOperation, variables: JsonObject, values: JsonObject): Promise<ExecutionResult> {
    return execute({
      schema: this.#plain,
      document,
      rootValue: values,
      variableValues: variables,
      fieldResolver: (source: JsonObject, _args, _context, { path }) => source[path.key],
    })
  }
}

/** Null for what is no error of an operation's field, but of what was put together. */
function asFault({ originalError }: GraphQLError): object | null {
  return originalError instanceof Unfilled ? originalError.formatted : null
}
