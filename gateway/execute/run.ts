import type { RequestScope, SendPolicy, SubgraphReply, Subgraphs } from '../subgraphs/types.ts'
import type { ClientError } from './errors.ts'
import type { JsonObject } from '../../runtime/json.ts'
import { overlaps, type ResponsePath } from './path.ts'

/**
 * How the requests of one operation may be sent. Those of a mutation, and those for an event of a subscription, must see
 * what has just changed: they never take an answer that was asked for before.
 */
export interface SendPolicies {
  readonly query: SendPolicy
  readonly mutation: SendPolicy
}

const mutation: SendPolicy = { repeatable: false, shareable: false }
export const sharing: SendPolicies = { query: { repeatable: true, shareable: true }, mutation }
export const fresh: SendPolicies = { query: { repeatable: true, shareable: false }, mutation }

/** One execution of a compiled plan: what has been fetched so far, and what went wrong. */
export class Run {
  /** The client's data under construction, still with fields the client did not ask for. */
  readonly data: JsonObject = {}
  /** Their paths lead into `data`. */
  readonly errors: ClientError[] = []
  /** No string fetched so far needs an escape when it is written: then all are written as they are. */
  plain = true
  readonly variables: JsonObject
  readonly scope: RequestScope
  readonly #subgraphs: Subgraphs
  readonly #policies: SendPolicies
  readonly #blamed: ResponsePath[] = []

  constructor(subgraphs: Subgraphs, scope: RequestScope, variables: JsonObject, policies: SendPolicies) {
    this.#subgraphs = subgraphs
    this.#policies = policies
    this.scope = scope
    this.variables = variables
  }

  /** Sends a ready JSON body to a subgraph. @throws AisleError SUBGRAPH_UNREACHABLE, SUBGRAPH_TIMEOUT, SUBGRAPH_BAD_RESPONSE, REQUEST_CANCELLED */
  send(service: string, body: string, kind: keyof SendPolicies): Promise<SubgraphReply> {
    return this.#subgraphs.request(service, body, this.scope, this.#policies[kind])
  }

  /** Notes what is known about the text of an answer that is taken into the data. */
  took({ plain }: SubgraphReply): void {
    if (plain !== true) this.plain = false
  }

  /** Adds an error and notes which places of the response it explains when they turn out null. */
  fail(error: ClientError, affected: readonly ResponsePath[] = []): void {
    this.errors.push(error)
    for (const path of affected) this.#blamed.push(path)
    if (affected.length === 0) this.#blamed.push(error.path ?? [])
  }

  /** True when some fetch did not bring all it should have. */
  get impaired(): boolean {
    return this.errors.length > 0
  }

  /** True when an error already accounts for a null at this place, so that none is added (GraphQL, "Handling Execution Errors"). */
  explains(path: ResponsePath): boolean {
    return this.#blamed.some((blamed) => overlaps(blamed, path))
  }
}

/** A compiled plan node. */
export type Step = (run: Run) => Promise<void> | void
