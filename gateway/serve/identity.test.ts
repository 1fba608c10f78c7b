import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { contextHeader, ContextVerifier, readContextSecrets } from '../../runtime/identity/context.ts'
import { startIssuer, testAudience, type TestIssuer } from '../../runtime/identity/testing/issuer.ts'
import { EventQueue } from '../subgraphs/event-queue.ts'
import { startFederation, type Federation } from '../testing/federation.ts'

const contextSecret = 'one:0123456789abcdef0123456789abcdef'
const clients = { one: { roles: ['staff'], stores: ['12'] }, two: { roles: ['staff'], stores: ['13'] } }

describe('who asks, at the gateway', () => {
  let issuer: TestIssuer
  let graph: Federation<'things'>
  let release: () => void
  let held: Promise<void>
  const ticks = new EventQueue<number>({ capacity: 10, maxBytes: 1_000, newestOnly: false })
  beforeAll(async () => {
    issuer = await startIssuer(clients)
    ;({ promise: held, resolve: release } = Promise.withResolvers<void>())
    graph = await startFederation(
      {
        things: {
          sdl: 'type Query { a: Int  slow: String @authenticated }  type Subscription { tick: Int  locked: Int @authenticated }',
          resolvers: {
            Query: { a: () => 1, slow: async (_: unknown, __: unknown, context: { headers: Record<string, string> }) => held.then(() => context.headers[contextHeader]) },
            Subscription: { tick: { subscribe: () => ticks.drain(), resolve: (value: number) => value }, locked: { subscribe: () => ticks.drain() } },
          },
        },
      },
      { oidcIssuer: issuer.url, oidcAudience: testAudience, oidcClockTolerance: 0, contextSecret },
    )
  })
  afterAll(async () => {
    await graph[Symbol.asyncDispose]()
    await issuer[Symbol.asyncDispose]()
  })

  const bearer = async (client: keyof typeof clients): Promise<Record<string, string>> => ({ authorization: `Bearer ${await issuer.signIn(client)}` })
  const events = (query: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(graph.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers }, body: JSON.stringify({ query }) })

  test('subgraphs are told who asks, and are not given the token; work is shared by equal callers alone', async () => {
    const before = graph.subgraphs.things.received.length
    const asked = [await bearer('one'), await bearer('one'), await bearer('two'), {}].map((headers) => graph.ask('{ slow }', {}, headers))
    while (graph.subgraphs.things.received.length < before + 2) await new Promise(setImmediate)
    release()
    const answers = await Promise.all(asked)
    expect(graph.subgraphs.things.received.slice(before).map(({ headers }) => headers.authorization)).toEqual([undefined, undefined])
    const verifier = new ContextVerifier(await readContextSecrets({ contextSecret }))
    const told = await Promise.all(answers.slice(0, 3).map(({ data }) => verifier.verify((data as { slow: string }).slow)))
    expect(told.map(({ subject, stores }) => [subject, ...stores])).toEqual([['one', '12'], ['one', '12'], ['two', '13']])
    expect(answers[3]).toMatchObject({ data: { slow: null }, errors: [{ extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } }] })
  })

  test('the public is told to subgraphs as such, whatever context a client brings', async () => {
    await graph.ask('{ a }', {}, { [contextHeader]: 'forged', 'x-aisle-principal': 'boss' })
    const headers = graph.subgraphs.things.received.at(-1)?.headers ?? {}
    const verifier = new ContextVerifier(await readContextSecrets({ contextSecret }))
    expect(await verifier.verify(headers[contextHeader])).toMatchObject({ authenticated: false, subject: 'anonymous' })
    expect(headers['x-aisle-principal']).toBeUndefined()
  })

  test('a protected subscription is refused before its source is asked', async () => {
    const response = await events('subscription { locked }')
    expect([response.status, await response.json()]).toMatchObject([403, { errors: [{ extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } }] }])
    expect(graph.subgraphs.things.openSockets()).toBe(0)
  })

  test('a stream of events ends with its token, and says so', async () => {
    const token = await issuer.forge({ exp: Math.floor(Date.now() / 1000) + 2 })
    const response = await events('subscription { tick }', { authorization: `Bearer ${token}` })
    expect(response.status).toBe(200)
    expect(await response.text()).toMatch(/event: next\ndata: \{"errors":\[\{"message":"The token has expired[^\n]*"code":"UNAUTHENTICATED"[^\n]*\n\nevent: complete/)
  })

  test('while the issuer cannot be reached for its first keys, tokens are answered by 503 and the public is served', async () => {
    await using other = await startIssuer(clients)
    other.answering(false)
    await using lonely = await startFederation({ things: { sdl: 'type Query { a: Int }', resolvers: { Query: { a: () => 1 } } } }, { oidcIssuer: other.url, oidcAudience: testAudience, oidcKeysCooldown: 0 })
    expect(await lonely.ask('{ a }')).toMatchObject({ status: 200, data: { a: 1 } })
    const answer = await lonely.ask('{ a }', {}, await bearer('one'))
    expect([answer.status, answer.errors[0]?.extensions.code]).toEqual([503, 'IDENTITY_UNAVAILABLE'])
    other.answering(true)
    expect(await lonely.ask('{ a }', {}, { authorization: `Bearer ${await other.signIn('one')}` })).toMatchObject({ status: 200 })
  })
})

describe('tokens, where no issuer is configured and nobody is trusted', () => {
  const things = { sdl: 'type Query { told: String  shut: Int @authenticated }', resolvers: { Query: { told: (_: unknown, __: unknown, { headers }: { headers: Record<string, string> }) => headers.authorization ?? 'nothing' } } }
  const token = { authorization: 'Bearer of-somebody-elses-issuer' }

  test('are refused', async () => {
    await using graph = await startFederation({ things }, { production: true })
    expect((await graph.ask('{ told }', {}, token)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED')
  })

  test('go on to subgraphs where that is asked for, and give no rights here', async () => {
    await using graph = await startFederation({ things }, { production: true, propagateHeader: 'authorization' })
    const [one, other, none] = await Promise.all([graph.ask('{ told }', {}, token), graph.ask('{ told }', {}, { authorization: 'Bearer other' }), graph.ask('{ told }')])
    expect([one.data, other.data, none.data]).toEqual([{ told: token.authorization }, { told: 'Bearer other' }, { told: 'nothing' }])
    expect((await graph.ask('{ shut }', {}, token)).errors[0]?.extensions.code).toBe('UNAUTHORIZED_FIELD_OR_TYPE')
  })
})
