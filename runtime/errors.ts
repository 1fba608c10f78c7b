// Not the whole of graphql: threads that only raise errors need no more.
import { GraphQLError } from 'graphql/error/GraphQLError.js'

/** What an operator needs to know about one fault. */
export interface ErrorEntry {
  /** HTTP status when the whole request fails with this code. */
  readonly status: number
  /** Default text for the client. */
  readonly text: string
  /** What the operator (or the caller) should do about it. */
  readonly action: string
}

/**
 * Every fault that Aisle can report, once. Domain refusals are not here: they are typed in the
 * mutation payloads of the schema (`userErrors`).
 */
export const errorTable = {
  // Requests
  BAD_REQUEST: { status: 400, text: 'The request is not a well-formed GraphQL request.', action: 'Correct the request: the message names the part that is wrong.' },
  GRAPHQL_PARSE_FAILED: { status: 400, text: 'The document is not valid GraphQL syntax.', action: 'Correct the document at the location given.' },
  GRAPHQL_VALIDATION_FAILED: { status: 400, text: 'The document does not match the schema.', action: 'Correct the document; introspect the schema for what exists.' },
  OPERATION_RESOLUTION_FAILURE: { status: 400, text: 'The operation to run cannot be determined.', action: 'Send operationName, naming one operation of the document.' },
  BAD_USER_INPUT: { status: 400, text: 'An argument or variable has a value that cannot be used.', action: 'Correct the value named in the message.' },
  METHOD_NOT_ALLOWED: { status: 405, text: 'This HTTP method cannot run this operation.', action: 'Use POST for mutations.' },
  NOT_ACCEPTABLE: { status: 406, text: 'No acceptable response media type.', action: 'Accept application/graphql-response+json or application/json.' },
  BATCHING_NOT_ENABLED: { status: 400, text: 'Several operations in one request are not accepted here: send one.', action: 'Send operations one by one; over HTTP/2 or keep-alive that costs little.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, text: 'The request body must be application/json.', action: 'Send Content-Type: application/json, and no Content-Encoding that is not served here.' },
  PAYLOAD_TOO_LARGE: { status: 413, text: 'The request body is too large.', action: 'Send less, or raise the body limit of this role.' },
  CSRF_PREVENTED: { status: 400, text: 'This request could have been sent by another site without a preflight.', action: 'Send Content-Type: application/json or a header Apollo-Require-Preflight.' },
  // Who asks
  UNAUTHENTICATED: { status: 401, text: 'It cannot be told who asks.', action: 'Send a valid access token of the configured issuer, meant for the configured audience; the message says what is wrong with this one.' },
  FORBIDDEN: { status: 403, text: 'The caller may not do this.', action: 'Use a token whose role and binding (stores, device) cover it, or give the caller that role at the issuer.' },
  UNAUTHORIZED_FIELD_OR_TYPE: { status: 403, text: 'Unauthorized field or type', action: 'Use a token with the scopes or role that the schema asks for at this field.' },
  IDENTITY_UNAVAILABLE: { status: 503, text: 'The issuer\'s keys cannot be fetched, so no token can be checked.', action: 'Check --oidc-issuer and --oidc-jwks, and that the issuer can be reached from here; what needs no token is served meanwhile.' },
  NODE_UNKNOWN: { status: 401, text: 'This node is not enrolled.', action: 'Make a code with `aisle origin enrol --store ID` and start the node with --enrol CODE; check the node\'s clock if it is enrolled.' },
  NODE_REVOKED: { status: 403, text: 'This node has been revoked.', action: 'Nothing, if it was meant; else enrol it again with a new code and an empty key file.' },
  ENROLMENT_REFUSED: { status: 403, text: 'The enrolment code is not good.', action: 'Make a new code with `aisle origin enrol --store ID`: a code serves once, for one store, for a limited time.' },
  // Persisted documents, with the codes and statuses of Apollo Router
  PERSISTED_QUERY_NOT_FOUND: { status: 200, text: 'PersistedQueryNotFound', action: 'Send the document together with its hash once.' },
  PERSISTED_QUERY_NOT_SUPPORTED: { status: 200, text: 'PersistedQueryNotSupported', action: 'Automatic persisted queries are off here; use an operation of the manifest.' },
  PERSISTED_QUERY_HASH_MISMATCH: { status: 400, text: 'The hash does not match the document.', action: 'Send the lower-case hex SHA-256 of the exact document.' },
  PERSISTED_QUERY_NOT_IN_LIST: { status: 404, text: 'This persisted operation is not in the manifest.', action: 'Publish the operation in the manifest, or correct its id.' },
  PERSISTED_QUERY_ID_REQUIRED: { status: 400, text: 'Only persisted operations are accepted here.', action: 'Send documentId or extensions.persistedQuery.sha256Hash.' },
  QUERY_NOT_IN_SAFELIST: { status: 403, text: 'This document is not in the manifest.', action: 'Publish the operation in the manifest; what counts is what it says, not how it is laid out.' },
  CANNOT_SEND_PQ_ID_AND_BODY: { status: 400, text: 'Send either a persisted id or a document, not both.', action: 'Drop the document or the id.' },
  // Limits, with the codes and statuses of Apollo Router where it has them
  MAX_DEPTH_LIMIT: { status: 400, text: 'The document nests fields too deeply.', action: 'Ask for less at once, publish the operation in the manifest, or raise --max-depth.' },
  MAX_HEIGHT_LIMIT: { status: 400, text: 'The document selects too many fields, fragments counted wherever they are spread.', action: 'Ask for less at once, publish the operation in the manifest, or raise --max-height.' },
  MAX_ALIASES_LIMIT: { status: 400, text: 'The document has too many aliases.', action: 'Ask for less at once, publish the operation in the manifest, or raise --max-aliases.' },
  MAX_ROOT_FIELDS_LIMIT: { status: 400, text: 'The document selects too many fields at its root.', action: 'Send several requests, publish the operation in the manifest, or raise --max-root-fields.' },
  MAX_DIRECTIVES_LIMIT: { status: 400, text: 'The document has too many directives.', action: 'Use fewer, publish the operation in the manifest, or raise --max-directives.' },
  COST_ESTIMATED_TOO_EXPENSIVE: { status: 400, text: 'The operation would cost too much.', action: 'Ask for smaller lists or less in each item; the extensions hold the estimate. Or raise --max-cost, or correct @cost and @listSize in the schema.' },
  COST_QUERY_PARSE_FAILURE: { status: 400, text: 'It cannot be told what the operation costs.', action: 'Give exactly one of the arguments that the message names.' },
  RATE_LIMITED: { status: 429, text: 'This client has spent its budget for now.', action: 'Wait as Retry-After says and ask for less; or raise the budget of the client\'s role (--budget).' },
  OVERLOADED: { status: 503, text: 'This process has more to do than it can do well.', action: 'Retry after a moment. If it lasts, run more replicas, or look at what costs so much (--max-cost, --budget).' },
  // Execution
  QUERY_PLANNING_FAILED: { status: 500, text: 'The operation could not be planned.', action: 'Report the operation: the planner or the supergraph has a fault.' },
  SUBGRAPH_UNREACHABLE: { status: 502, text: 'A service behind the gateway cannot be reached.', action: 'Check that the subgraph runs and that its URL in the supergraph is right.' },
  SUBGRAPH_TIMEOUT: { status: 504, text: 'A service behind the gateway took too long.', action: 'Look at that subgraph\'s latency, or raise its timeout.' },
  SUBGRAPH_CIRCUIT_OPEN: { status: 503, text: 'A service behind the gateway keeps failing and is not asked for a moment.', action: 'Look at why that subgraph fails; it is probed again after --breaker-pause.' },
  SUBGRAPH_BAD_RESPONSE: { status: 502, text: 'A service behind the gateway answered with something that is not GraphQL.', action: 'Check what listens at the subgraph\'s URL.' },
  SUBGRAPH_SUBSCRIPTION_REFUSED: { status: 502, text: 'A service behind the gateway does not take subscriptions this way.', action: 'Check that the subgraph serves subscriptions, and how: --subgraph-subscriptions NAME=sse for server-sent events, NAME=URL for another path.' },
  DOWNSTREAM_SERVICE_ERROR: { status: 200, text: 'A service behind the gateway reported an error.', action: 'Look at that subgraph\'s log for this request id.' },
  UNEXPECTED_NULL: { status: 200, text: 'A field that must have a value has none.', action: 'Look at why its owner returned nothing: usually a reference to something that does not exist.' },
  REQUEST_CANCELLED: { status: 499, text: 'The client went away before the answer was ready.', action: 'Nothing: the work was cancelled with it.' },
  SUBSCRIPTION_INTERRUPTED: { status: 503, text: 'The subscription lost its source and could not be resumed.', action: 'Subscribe again; check the subgraph that owns the field.' },
  SUBSCRIPTION_OUTDATED: { status: 409, text: 'The schema has changed and this subscription is no longer valid.', action: 'Subscribe again with a document that the new schema allows: the message names what is wrong.' },
  CLIENT_TOO_SLOW: { status: 408, text: 'The client does not read its events fast enough.', action: 'Subscribe to less or read faster; or raise --client-buffer, or set --slow-clients coalesce where only the newest event matters.' },
  TOO_MANY_OPERATIONS: { status: 429, text: 'Too many operations run on this connection.', action: 'Complete some first, or raise --client-operations.' },
  INTERNAL_SERVER_ERROR: { status: 500, text: 'Something failed inside the server.', action: 'Look at the log for this request id.' },
  SHUTTING_DOWN: { status: 503, text: 'This process is stopping.', action: 'Retry: another replica answers.' },
  // Domain faults
  OPERATION_ID_REUSED: { status: 200, text: 'This operationId was already used with other input.', action: 'Choose a fresh operationId for every new intent; reuse it only to retry the same one.' },
  // Edge
  OUT_OF_SCOPE: { status: 200, text: 'This is outside what this store\'s node holds.', action: 'Ask the gateway, or ask again when the store is online.' },
  OUT_OF_RETENTION: { status: 200, text: 'This is older than what this store\'s node keeps.', action: 'Ask the gateway for older readings.' },
  CLOUD_ONLY: { status: 200, text: 'This field is answered in the cloud only.', action: 'Ask the gateway; the store\'s node never holds this data.' },
  COPY_DAMAGED: { status: 200, text: 'This part of the store\'s copy was found damaged and is being fetched again.', action: 'Retry in a moment, or ask the gateway. If it comes back, look at the node\'s disk; it is mended as soon as origin can be reached.' },
  NODE_BUSY: { status: 503, text: 'This node has more requests waiting than it can serve.', action: 'Retry after a moment; spread the load or give the node a faster machine.' },
  WRITE_NOT_KEPT: { status: 503, text: 'This node could not keep the write.', action: 'Retry with the same operationId, which records it once; check the disk of the node (space, read-only mount, faults).' },
  NOT_READY: { status: 503, text: 'This node has not yet received its first copy of the data.', action: 'Wait until /health/ready answers 200; check the link to origin.' },
  // Replication protocol
  EPOCH_MISMATCH: { status: 409, text: 'The log was restarted: this position belongs to another epoch.', action: 'Nothing by hand: the follower starts again from a fresh copy.' },
  POSITION_TOO_OLD: { status: 410, text: 'The log no longer reaches back to this position.', action: 'Nothing by hand: the follower starts again from a fresh copy.' },
  POSITION_AHEAD: { status: 409, text: 'The follower stands ahead of the log.', action: 'The cloud was restored to an earlier point: the follower starts again from a fresh copy.' },
  LOG_DIVERGED: { status: 409, text: 'The log has another batch under this number.', action: 'The cloud was restored to an earlier point and went on otherwise: the follower starts again from a fresh copy.' },
  LOG_GAP: { status: 500, text: 'A position is missing from the log.', action: 'Report it: the log is damaged; followers refuse to go on.' },
  PROTOCOL_UNSUPPORTED: { status: 400, text: 'This version of the replication protocol is not spoken here.', action: 'Upgrade the older of the node and origin.' },
  PROTOCOL_VIOLATION: { status: 502, text: 'What answered for origin does not speak the replication protocol.', action: 'Check --origin, and what stands between the node and it (a proxy, a captive portal).' },
  ORIGIN_UNREACHABLE: { status: 502, text: 'Origin cannot be reached.', action: 'Check the link, and the scheme (http or https), host and port of --origin; a node goes on serving and retries.' },
  ORIGIN_BUSY: { status: 503, text: 'More stores ask at once than can be served at once.', action: 'Nothing by hand: the node comes back when it is told to. If it lasts, run more replicas of origin.' },
  STORE_UNKNOWN: { status: 404, text: 'No such store.', action: 'Import the store, or correct --store.' },
  // Starting
  CONFIG_INVALID: { status: 500, text: 'The configuration cannot be used.', action: 'Correct the setting named in the message.' },
  SUPERGRAPH_INVALID: { status: 500, text: 'The supergraph cannot be used.', action: 'Compose it again with `aisle compose`.' },
  DIRECTORY_IN_USE: { status: 500, text: 'The data directory is in use by another node.', action: 'Stop the process named in the message, or give this node its own --data directory.' },
  DIRECTORY_OF_ANOTHER_STORE: { status: 500, text: 'The data directory belongs to another store.', action: 'Give this node a --data directory of its own, or correct --store; writes of the other store may still wait in that directory.' },
  DIRECTORY_TOO_NEW: { status: 500, text: 'The data directory was written by a newer version.', action: 'Start the newer version again: it finds the directory as it left it. Writes that wait there are kept.' },
  ROLE_FAILED: { status: 500, text: 'A part of Aisle stopped while it started.', action: 'The end of its log is above and the whole in the logs folder; correct what it names and start again.' },
  NOT_RUNNING: { status: 503, text: 'Nothing is running here.', action: 'Start it with `npm start`, or name the folder it runs in with --directory.' },
  PORT_IN_USE: { status: 500, text: 'The port is already taken.', action: 'Stop what listens there, or choose another with --port.' },
  IMPORT_SOURCE_INVALID: { status: 500, text: 'The data to import cannot be read.', action: 'Name a folder in the import format: CSV files with a header row, products.csv among them.' },
  IMPORT_REJECTED: { status: 500, text: 'The import found rows it cannot load.', action: 'Correct the rows listed; good rows load unless --strict is given.' },
  DATABASE_TIMEOUT: { status: 504, text: 'The database took too long.', action: 'Ask for less at once; look for the slow statement in Postgres, or raise --statement-timeout.' },
  DATABASE_UNAVAILABLE: { status: 503, text: 'The database cannot be reached.', action: 'Check DATABASE_URL and that Postgres runs.' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable

const brand = Symbol.for('aisle.error')

/** A fault with a code of the table. `details` goes to the client; `cause` to the log only. */
export class AisleError extends Error {
  override readonly name = 'AisleError'
  readonly [brand] = true
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message?: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message ?? errorTable[code].text, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }

  get status(): number {
    return errorTable[this.code].status
  }

  get action(): string {
    return errorTable[this.code].action
  }

  /** True also for errors made by another copy of this module. */
  static is(value: unknown): value is AisleError {
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** The one place where a fault of the table becomes a GraphQL error with `extensions.code`. */
export function toGraphQLError(error: AisleError): GraphQLError {
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { ...error.details, code: error.code },
  })
}
