import fastify, { type FastifyInstance } from 'fastify'
import { GraphQLError, type GraphQLSchema } from 'graphql'
import { AisleError } from '../../../runtime/errors.ts'
import { withoutSchemas } from '../../../runtime/http/fastify.ts'
import type { Engine } from './execute.ts'

interface Loaded {
  readonly app: FastifyInstance
  readonly engine: Engine
}

/** mercurius on a server of its own that never listens, loaded when it is first needed. */
export class MercuriusEngine implements AsyncDisposable {
  readonly #schema: GraphQLSchema
  #server: Promise<Loaded> | null = null

  constructor(schema: GraphQLSchema) {
    this.#schema = schema
  }

  readonly execute: Engine = async (...asked) => {
    const { engine } = await this.#loaded()
    return engine(...asked)
  }

  /** Loads it, so that who first needs it does not wait. */
  async prepare(): Promise<void> {
    await this.#loaded()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const loaded = await this.#server?.catch(() => null)
    await loaded?.app.close()
  }

  #loaded(): Promise<Loaded> {
    return (this.#server ??= this.#load())
  }

  async #load(): Promise<Loaded> {
    const app = fastify({ schemaController: withoutSchemas })
    const engine = await registerEngine(app, this.#schema)
    await app.ready()
    return { app, engine }
  }
}

/**
 * Puts mercurius on the server as the engine that executes; its own routes, sockets and pages stay off, for this
 * node speaks persisted operations only.
 */
export async function registerEngine(app: FastifyInstance, schema: GraphQLSchema): Promise<Engine> {
  const { default: mercurius } = await import('mercurius')
  // graphql-jit reorders keys under @include, and an answer must have the bytes that the gateway gives.
  await app.register(mercurius, {
    schema, graphiql: false, routes: false, subscription: false, jit: 0,
    // Errors are formatted by this node alone, which needs to see what was thrown.
    errorFormatter: ({ data, errors }) => ({ statusCode: 200, response: { data: data ?? null, errors: errors as GraphQLError[] } }),
  })
  return async ({ source }, context, variables) => {
    try {
      // mercurius writes on the context it is given; the parts of ours are getters, so it gets an object that inherits them.
      return await app.graphql<Record<string, unknown>>(source, Object.create(context) as Record<string, unknown>, variables)
    } catch (error) {
      throw asFault(error)
    }
  }
}

/** mercurius reports variables that do not fit as one error that holds several. */
function asFault(error: unknown): unknown {
  const inner = typeof error === 'object' && error !== null && 'errors' in error ? error.errors : null
  if (!Array.isArray(inner)) return error
  const messages = inner.filter((each) => each instanceof GraphQLError).map((each: GraphQLError) => each.message)
  return messages.length === 0 ? error : new AisleError('BAD_USER_INPUT', messages.join('\n'), { cause: error })
}
