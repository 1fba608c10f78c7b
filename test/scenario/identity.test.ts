import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ContextSigner, contextHeader, readContextSecrets } from '../../runtime/identity/context.ts'
import { createCaller, developer } from '../../runtime/identity/caller.ts'
import { badTokens, type BadToken } from '../../runtime/identity/testing/faults.ts'
import { startIssuer, testAudience, type TestIssuer } from '../../runtime/identity/testing/issuer.ts'
import { openTestLog, putProduct, putStock, putStore, type TestLog } from '../../subgraphs/log/testing/test-log.ts'
import { operationIds } from '../environment/client.ts'
import { startRole, type RoleProcess } from '../environment/process.ts'
import { greet } from '../environment/socket.ts'
import { ready, until } from '../environment/wait.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const secret = 'first:a-secret-that-nobody-else-has-0123456789'
const clients = {
  cashier: { roles: ['staff'], stores: ['12'] },
  freezer: { roles: ['device'], device: 'd12' },
  analyst: { roles: ['analyst'] },
  boss: { roles: ['admin'] },
  shopper: { roles: ['app'] },
}
type Client = keyof typeof clients

interface Body {
  readonly status: number
  readonly challenge: string | null
  readonly data: Record<string, Record<string, unknown> | null> | null
  readonly codes: readonly unknown[]
}

/** Every part in a process of its own, each knowing only what it is told: who may do what, and who is not who they say they are. */
describe('identity, from the token to the store', () => {
  let folder: string
  let log: TestLog
  let issuer: TestIssuer
  let stranger: TestIssuer
  let bad: BadToken[]
  let operations: Awaited<ReturnType<typeof operationIds>>
  const roles = new Map<string, RoleProcess>()
  const tokens: string[] = []
  let code = ''
  let secondCode = ''

  const role = (name: string): RoleProcess => {
    const found = roles.get(name)
    if (found === undefined) throw new Error(`${name} is not running`)
    return found
  }
  const url = (name: string): string => role(name).url
  const start = async (name: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> => {
    roles.set(name, await startRole(name, args, { AISLE_LOG_LEVEL: 'trace', DATABASE_URL: log.storage.connectionString, ...env }))
  }
  const aisle = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, ['--no-warnings', join(root, 'aisle.ts'), ...args], { env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: log.storage.connectionString } })).stdout.trim()
  const startOrigin = (port = '0'): Promise<void> => start('origin', ['origin', '--port', port, '--tick', '1', '--require-enrolment'])

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aisle-identity-'))
    log = await openTestLog()
    await log.write(putStore('12'), putStore('13'), putProduct('tea', 'Tea'), putStock('12', 'tea', 10), putStock('13', 'tea', 10),
      "insert into device (id, store_id, kind) values ('d12', '12', 'FREEZER'), ('e12', '12', 'FREEZER'), ('d13', '13', 'FREEZER')")
    ;[issuer, stranger, operations] = await Promise.all([startIssuer(clients), startIssuer(clients), operationIds()])
    bad = await badTokens(issuer, stranger, 'boss')
    tokens.push(...bad.map(({ token }) => token))
    const oidc = ['--oidc-issuer', issuer.url, '--oidc-audience', testAudience, '--oidc-clock-tolerance', '0']
    await Promise.all([
      startOrigin(),
      ...['inventory', 'device'].map((name) => start(name, ['subgraph', name, '--port', '0'], { AISLE_CONTEXT_SECRET: secret })),
      aisle('origin', 'enrol', '--store', '12').then((printed) => (code = printed)),
    ])
    await Promise.all([
      start('gateway', ['gateway', '--port', '0', '--production', '--supergraph', join(root, 'schema/supergraph.graphql'), '--manifest', join(root, 'schema/manifest.json'), ...oidc,
        ...['inventory', 'device'].flatMap((name) => ['--subgraph-url', `${name}=${url(name)}/graphql`])], { AISLE_CONTEXT_SECRET: secret }),
      start('edge', ['edge', '--port', '0', '--store', '12', '--origin', url('origin'), '--data', join(folder, 'edge'), '--enrol', code, ...oidc]),
    ])
    await Promise.all([ready(url('inventory')), ready(url('device')), ready(url('edge'))])
  }, 120_000)

  afterAll(async () => {
    await Promise.all([...roles.values()].map((each) => each[Symbol.asyncDispose]()))
    await Promise.all([log, issuer, stranger].map((each) => each?.[Symbol.asyncDispose]()))
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  const tokenOf = async (client: Client, scope = ''): Promise<string> => {
    const token = await issuer.signIn(client, scope)
    tokens.push(token)
    return token
  }
  const send = async (to: string, body: object | string, headers: Record<string, string> = {}): Promise<Body> => {
    const response = await fetch(`${url(to)}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) })
    const { data = null, errors = [] } = (await response.json()) as { data?: Body['data']; errors?: { extensions?: { code?: unknown } }[] }
    return { status: response.status, challenge: response.headers.get('www-authenticate'), data, codes: errors.map(({ extensions }) => extensions?.code) }
  }
  const as = async (client: Client | null, to: string, body: object, scope = ''): Promise<Body> => send(to, body, client === null ? {} : { authorization: `Bearer ${await tokenOf(client, scope)}` })
  const operation = (name: string, variables: object): object => ({ documentId: operations.get(name)?.id ?? '', variables })
  /** The node takes persisted operations only, and theirs asks the catalogue too, which does not run here. */
  const move = (to: string, storeId: string, more: object = {}): object => {
    const variables = { input: { operationId: randomUUID(), storeId, productId: 'tea', kind: 'SALE', quantity: -1, ...more } }
    return to === 'edge' ? operation('RecordMovement', variables) : { query: 'mutation ($input: StockMovementInput!) { recordStockMovement(input: $input) { pending userErrors { code } } }', variables }
  }
  const measure = (deviceId: string): object => operation('ReportReadings', { input: { operationId: randomUUID(), deviceId, readings: [{ metric: 'temperature', at: new Date().toISOString(), value: 4 }] } })
  const report = (storeId: string | null): object => ({ query: `{ stockReport(groupBy: STORE${storeId === null ? '' : `, storeId: "${storeId}"`}) { key onHand } }` })
  const publicLabel = (): object => operation('ShelfLabel', { productId: 'tea', storeId: '12' })
  const moved = { recordStockMovement: expect.objectContaining({ userErrors: [] }) }

  test.each(['gateway', 'edge'])('every bad token is refused at the %s, over HTTP and over a socket', async (name) => {
    for (const { name: fault, token } of bad) {
      const answer = await send(name, move(name, '12'), { authorization: `Bearer ${token}` })
      expect({ fault, ...answer }).toMatchObject({ fault, status: 401, codes: ['UNAUTHENTICATED'], data: null, challenge: expect.stringMatching(/^Bearer .*error="invalid_token"/) })
      for (const parameters of [{ authorization: `Bearer ${token}` }, { token }]) {
        using received = await greet(url(name), parameters)
        expect({ fault, acknowledged: received.acknowledged, ...(await received.closed) }).toMatchObject({ fault, acknowledged: false, code: 4401, reason: expect.stringMatching(/^UNAUTHENTICATED: /) })
      }
    }
    expect(await send(name, move(name, '12'), { authorization: 'Basic Ym9zczpzZWNyZXQ=' })).toMatchObject({ status: 401, codes: ['UNAUTHENTICATED'] })
  })

  test.each(['gateway', 'edge'])('a socket ends with its token at the %s', async (name) => {
    const ending = await issuer.forge({ sub: 'cashier', roles: ['staff'], stores: ['12'], exp: Math.floor(Date.now() / 1000) + 3 })
    tokens.push(ending)
    using received = await greet(url(name), { token: ending })
    expect(received.acknowledged).toBe(true)
    expect(await received.closed).toEqual({ code: 4403, reason: 'The token has expired: connect again with a new one.' })
  })

  test.each(['gateway', 'edge'])('without a token everybody is the public at the %s, whatever a header claims', async (name) => {
    expect(await send(name, move(name, '12'), { 'x-aisle-principal': 'boss' })).toMatchObject({ status: 200, data: null, codes: ['UNAUTHORIZED_FIELD_OR_TYPE'] })
    const forged = new ContextSigner((await readContextSecrets({ contextSecret: 'first:some-other-secret-0123456789-0123456789' }))[0] ?? { id: '', secret: new Uint8Array() })
    expect(await send(name, move(name, '12'), { [contextHeader]: forged.tokenFor(developer('boss')) })).toMatchObject({ codes: ['UNAUTHORIZED_FIELD_OR_TYPE'] })
    using received = await greet(url(name), {})
    expect(received.acknowledged).toBe(true)
  })

  test.each(['gateway', 'edge'])('staff write for their store alone at the %s', async (name) => {
    expect(await as('cashier', name, move(name, '12'))).toMatchObject({ status: 200, codes: [], data: moved })
    expect(await as('cashier', name, move(name, '13'))).toMatchObject({ status: 200, data: null, codes: ['FORBIDDEN'] })
    for (const client of ['shopper', 'analyst', 'freezer'] as const) expect(await as(client, name, move(name, '12'))).toMatchObject({ codes: ['UNAUTHORIZED_FIELD_OR_TYPE'] })
    expect(await as('boss', name, move(name, '12'))).toMatchObject({ codes: [], data: moved })
  })

  test.each(['gateway', 'edge'])('a device speaks for itself alone at the %s', async (name) => {
    expect(await as('freezer', name, measure('d12'))).toMatchObject({ codes: [], data: { reportReadings: { accepted: 1 } } })
    for (const other of ['e12', 'd13', 'none']) expect(await as('freezer', name, measure(other))).toMatchObject({ codes: ['FORBIDDEN'] })
    expect(await as('cashier', name, measure('e12'))).toMatchObject({ codes: [], data: { reportReadings: { accepted: 1 } } })
    expect(await as('cashier', name, measure('d13'))).toMatchObject({ codes: ['FORBIDDEN'] })
  })

  test('reads are bound as writes are', async () => {
    expect(await as('cashier', 'gateway', report('12'))).toMatchObject({ codes: [], data: { stockReport: expect.any(Array) } })
    for (const storeId of ['13', null]) expect(await as('cashier', 'gateway', report(storeId))).toMatchObject({ codes: ['FORBIDDEN'] })
    expect(await as('analyst', 'gateway', report(null))).toMatchObject({ codes: [] })
    expect(await as('shopper', 'gateway', report('12'))).toMatchObject({ codes: ['UNAUTHORIZED_FIELD_OR_TYPE'] })
    expect(await as('cashier', 'gateway', { query: 'mutation { setPrice(input: { operationId: "x", productId: "tea", amount: "1.00", currencyCode: "EUR" }) { userErrors { code } } }' })).toMatchObject({ codes: ['FORBIDDEN'] })
    const readings = (id: string): object => ({ query: `{ device(id: "${id}") { id firmware readings(metric: "temperature", from: "2026-01-01T00:00:00Z", to: "2026-01-01T01:00:00Z") { count } } }` })
    expect(await as('cashier', 'gateway', readings('d12'))).toMatchObject({ codes: [], data: { device: { readings: [] } } })
    expect(await as('freezer', 'gateway', readings('d13'))).toMatchObject({ codes: ['FORBIDDEN'] })
    expect(await as(null, 'gateway', { query: '{ device(id: "d12") { id firmware } }' })).toMatchObject({ codes: ['UNAUTHORIZED_FIELD_OR_TYPE'], data: { device: { id: 'd12', firmware: null } } })
    const devices = operation('StoreDevices', { storeId: '12', first: 5 })
    expect(await as('cashier', 'edge', devices)).toMatchObject({ codes: [], data: { store: { devices: expect.any(Object) } } })
    for (const client of [null, 'shopper', 'cashier', null] as const) expect(await as(client, 'edge', devices)).toMatchObject({ codes: client === 'cashier' ? [] : ['UNAUTHORIZED_FIELD_OR_TYPE'] })
    // Nor does who writes another's rights into the body get what was made ready for them.
    const known = { authorization: `Bearer ${await tokenOf('cashier')}` }
    for (const _time of [1, 2]) expect(await send('edge', devices, known)).toMatchObject({ codes: [] })
    const { rights } = createCaller({ subject: 'cashier', ...clients.cashier })
    expect(await send('edge', `${rights}${JSON.stringify(devices)}`)).toMatchObject({ status: 400, data: null, codes: ['BAD_REQUEST'] })
    expect(await as(null, 'gateway', { query: '{ store(id: "12") { name stock { totalCount } } }' })).toMatchObject({ codes: [] })
  })

  test('an operation id is its subject\'s, whichever way it comes', async () => {
    const same = (to: string): object => move(to, '12', { operationId: 'one-sale' })
    const before = await onHandOf(log, '12')
    expect(await as('cashier', 'edge', same('edge'))).toMatchObject({ codes: [], data: moved })
    await until('the sale to arrive', async () => (await onHandOf(log, '12')) === before - 1)
    expect(await as('cashier', 'gateway', same('gateway'))).toMatchObject({ codes: [], data: moved })
    expect(await onHandOf(log, '12')).toBe(before - 1)
  })

  test('a subgraph answers its gateway alone', async () => {
    const query = { query: '{ stores { totalCount } }' }
    const [first] = await readContextSecrets({ contextSecret: secret })
    if (first === undefined) throw new Error('no secret')
    const good = new ContextSigner(first).tokenFor(developer())
    expect(await send('inventory', query, { [contextHeader]: good })).toMatchObject({ status: 200, codes: [] })
    const others = [{}, { 'x-aisle-principal': 'boss' }, { authorization: `Bearer ${await tokenOf('boss')}` }, { [contextHeader]: await tokenOf('boss') }, { [contextHeader]: `${good.slice(0, -4)}AAAA` }, { [contextHeader]: 'x' }]
    for (const headers of others) expect(await send('inventory', query, headers as Record<string, string>)).toMatchObject({ status: 401, codes: ['UNAUTHENTICATED'], data: null })
    using refused = await greet(url('inventory'), { authorization: 'Bearer x' })
    expect([refused.acknowledged, (await refused.closed).code]).toEqual([false, 4401])
    using received = await greet(url('inventory'), {}, { [contextHeader]: good })
    expect(received.acknowledged).toBe(true)
  })

  test('a code enrols one node, whose key nobody else can read; origin answers no other', async () => {
    const file = join(folder, 'edge', 'node-key.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const listed = await aisle('origin', 'nodes')
    expect(listed.split('\n')).toHaveLength(1)
    expect(listed).toMatch(/^[\w-]{43} {2}12 .* enrolled /)
    const changes = (headers: Record<string, string> = {}): Promise<Response> => fetch(`${url('origin')}/sync/stores/12/changes?epoch=e&after=0`, { headers: { 'aisle-protocol': '1', ...headers } })
    for (const authorization of [undefined, 'Bearer garbage', `Bearer ${await tokenOf('boss')}`, `Bearer ${await issuer.forge({}, { kid: listed.slice(0, 43), typ: 'aisle-node+jwt' })}`]) {
      const response = await changes(authorization === undefined ? {} : { authorization })
      expect([response.status, await response.json()]).toMatchObject([401, { error: { code: 'NODE_UNKNOWN' } }])
    }
    await start('twin', ['edge', '--port', '0', '--store', '12', '--origin', url('origin'), '--data', join(folder, 'twin'), '--enrol', code])
    await until('the second node to hear that its code is used', () => role('twin').output().includes('ENROLMENT_REFUSED'))
    expect((await fetch(`${url('twin')}/health/ready`)).status).toBe(503)
    await role('twin')[Symbol.asyncDispose]()
    secondCode = await aisle('origin', 'enrol', '--store', '13')
    await expect(aisle('origin', 'enrol', '--store', 'none')).rejects.toThrow('There is no store none')
  })

  test('while the link is down, a token counts for a grace beyond its end', async () => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { sub: 'cashier', roles: ['staff'], stores: ['12'], iat: now - 7_200 }
    const [late, tooLate] = await Promise.all([issuer.forge({ ...claims, exp: now - 3_600 }), issuer.forge({ ...claims, exp: now - 9 * 3_600 })])
    tokens.push(late, tooLate)
    const write = (token: string): Promise<Body> => send('edge', move('edge', '12'), { authorization: `Bearer ${token}` })
    expect(await write(late)).toMatchObject({ status: 401 })
    const port = new URL(url('origin')).port
    await role('origin').kill()
    issuer.answering(false)
    await until('the node to notice', async () => (await write(late)).status === 200)
    expect(await write(late)).toMatchObject({ codes: [], data: moved })
    expect(await write(tooLate)).toMatchObject({ status: 401, codes: ['UNAUTHENTICATED'] })
    expect(await send('edge', publicLabel())).toMatchObject({ status: 200, codes: [] })
    issuer.answering(true)
    await startOrigin(port)
    await until('the link to be up', async () => (await write(late)).status === 401)
  })

  test('a revoked node is told so, and goes on serving', async () => {
    const nodeId = (await aisle('origin', 'nodes')).slice(0, 43)
    expect(await aisle('origin', 'revoke', '--node', nodeId)).toBe(`${nodeId} revoked`)
    await until('the node to say that it is revoked', () => role('edge').output().includes('NODE_REVOKED'))
    expect(await send('edge', publicLabel())).toMatchObject({ status: 200, codes: [], data: { product: { availability: { onHand: expect.any(Number) } } } })
    await expect(aisle('origin', 'revoke', '--node', nodeId)).rejects.toThrow()
  })

  test('nothing of this is in any log: no token, no secret, no code, no key', async () => {
    const { key } = JSON.parse(await readFile(join(folder, 'edge', 'node-key.json'), 'utf8')) as { key: { d: string } }
    const secrets = [...tokens.filter((token) => token.length > 20), secret.slice(6), code, secondCode, key.d]
    const parts = new Set(secrets.flatMap((text) => [text, ...(text.startsWith('ey') ? [text.split('.')[2] ?? ''] : [])]).filter((text) => text.length >= 16))
    expect(parts.size).toBeGreaterThan(20)
    for (const each of roles.values()) {
      const { name } = each
      const written = each.output()
      expect(written.length).toBeGreaterThan(0)
      for (const text of parts) expect({ name, leaks: written.includes(text) ? text : null }).toEqual({ name, leaks: null })
    }
  })
})

async function onHandOf({ storage }: TestLog, storeId: string): Promise<number> {
  return (await storage.db.selectFrom('stock').select('on_hand').where('store_id', '=', storeId).executeTakeFirstOrThrow()).on_hand
}
