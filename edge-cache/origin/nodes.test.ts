import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SignJWT, generateKeyPair } from 'jose'
import { AisleError } from '../../runtime/errors.ts'
import { putStore } from '../../subgraphs/log/testing/test-log.ts'
import { nodeToken } from '../enrolment.ts'
import { scratchFolder } from '../node/data/testing/conditions.ts'
import { HttpOrigin } from '../node/http-origin.ts'
import { NodeKey } from '../node/node-key.ts'
import { NodeDirectory } from './nodes.ts'
import { startTestOrigin, type TestOrigin } from './testing/test-origin.ts'

const hour = 3_600_000

describe('enrolment', () => {
  let origin: TestOrigin
  let nodes: NodeDirectory
  beforeAll(async () => {
    origin = await startTestOrigin(undefined, 0, { requireEnrolment: true })
    await origin.log.write(putStore('s1'), putStore('s2'))
    nodes = new NodeDirectory(origin.log.storage)
  })
  afterAll(async () => {
    await origin[Symbol.asyncDispose]()
  })

  /** A node's side: its key in a folder of its own, and its way to origin. */
  async function node(enrolCode?: string, storeId = 's1', folder = scratchFolder()) {
    const key = await NodeKey.open(folder.path, storeId, true)
    if (key === null) throw new Error('no key')
    const link = new HttpOrigin({ origin: origin.url, storeId, key, ...(enrolCode === undefined ? {} : { enrolCode }) })
    return {
      key,
      folder,
      /** The code of what origin says to a request of this node's. */
      ask: () => link.json({ method: 'GET', path: 'changes', query: { epoch: 'other', after: 0 } }, (answer) => answer).then(() => 'answered', (error: unknown) => (AisleError.is(error) ? error.code : error)),
      async [Symbol.asyncDispose]() {
        await link[Symbol.asyncDispose]()
        folder[Symbol.dispose]()
      },
    }
  }
  const codeFor = async (storeId: string, validMs = hour): Promise<string> => (await nodes.createCode(storeId, validMs)).code
  /** Admitted: the request itself is what origin refuses. */
  const admitted = 'EPOCH_MISMATCH'

  test('a code enrols one node of its store, and the node remembers', async () => {
    const code = await codeFor('s1')
    expect(code).toMatch(/^([A-Z2-9]{5}-){3}[A-Z2-9]{5}$/)
    await using first = await node(code.toLowerCase())
    await using second = await node(code)
    expect(await first.ask()).toBe(admitted)
    expect(await second.ask()).toBe('ENROLMENT_REFUSED')
    expect([first.key.enrolled, second.key.enrolled]).toEqual([true, false])
    await using again = await node(undefined, 's1', first.folder)
    expect([again.key.nodeId, again.key.enrolled, await again.ask()]).toEqual([first.key.nodeId, true, admitted])
    expect((await stat(join(first.folder.path, 'node-key.json'))).mode & 0o777).toBe(0o600)
  })

  test('an answer that was lost is given again to the same key', async () => {
    const code = await codeFor('s1')
    await using one = await node(code)
    const answers = await Promise.all([1, 2].map(async () => nodes.enrol(JSON.parse(await one.key.enrolment(code)) as Parameters<NodeDirectory['enrol']>[0])))
    expect(answers).toEqual([1, 2].map(() => ({ nodeId: one.key.nodeId, storeId: 's1' })))
  })

  test('no code, a wrong one, an old one, one of another store: no node', async () => {
    await using without = await node()
    expect(await without.ask()).toBe('NODE_UNKNOWN')
    for (const code of ['AAAAA-AAAAA-AAAAA-AAAAA', await codeFor('s2'), await codeFor('s1', -1)]) {
      await using one = await node(code)
      expect(await one.ask()).toBe('ENROLMENT_REFUSED')
    }
    await expect(nodes.createCode('none', hour)).rejects.toMatchObject({ code: 'STORE_UNKNOWN' })
  })

  test('a key can only be enrolled by who holds it, for the code that was signed', async () => {
    const code = await codeFor('s1')
    await using mine = await node()
    await using other = await node()
    const own = JSON.parse(await mine.key.enrolment(code)) as Parameters<NodeDirectory['enrol']>[0]
    const foreign = JSON.parse(await other.key.enrolment(code)) as typeof own
    const forAnother = JSON.parse(await mine.key.enrolment('AAAAA')) as typeof own
    for (const proof of [foreign.proof, forAnother.proof, 'garbage', '']) await expect(nodes.enrol({ ...own, proof })).rejects.toMatchObject({ code: 'ENROLMENT_REFUSED' })
    expect(await nodes.enrol(own)).toEqual({ nodeId: mine.key.nodeId, storeId: 's1' })
  })

  test('a node is its store\'s alone, and signs with its own key', async () => {
    await using mine = await node(await codeFor('s1'))
    expect(await mine.ask()).toBe(admitted)
    const authorization = await mine.key.authorization()
    await expect(nodes.require(authorization, 's2')).rejects.toMatchObject({ code: 'OUT_OF_SCOPE' })
    await nodes.require(authorization, 's1')
    const { privateKey } = await generateKeyPair('EdDSA')
    const sign = (header: object, expires = '5m'): Promise<string> =>
      new SignJWT({}).setProtectedHeader({ alg: nodeToken.algorithm, typ: nodeToken.type, kid: mine.key.nodeId, ...header }).setAudience(nodeToken.audience).setExpirationTime(expires).sign(privateKey)
    for (const token of [await sign({}), await sign({ kid: 'unknown' }), 'garbage', authorization.slice(7, -6)]) await expect(nodes.require(`Bearer ${token}`, 's1')).rejects.toMatchObject({ code: 'NODE_UNKNOWN' })
    await expect(nodes.require(undefined, 's1')).rejects.toMatchObject({ code: 'NODE_UNKNOWN' })
  })

  test('a node whose clock is wrong learns the time from origin', async () => {
    await using slow = await node(await codeFor('s1'))
    slow.key.heardTime(new Date(Date.now() - 24 * hour).toUTCString())
    expect(await slow.ask()).toBe(admitted)
    slow.key.heardTime(new Date(Date.now() + 24 * hour).toUTCString())
    slow.key.heardTime('nonsense')
    slow.key.heardTime(new Date(Date.now() - 24 * hour).toUTCString())
    expect([await slow.ask(), await slow.ask()]).toEqual(['NODE_UNKNOWN', admitted])
  })

  test('a revoked node is refused, whatever it brings', async () => {
    const code = await codeFor('s2')
    await using one = await node(code, 's2')
    await using two = await node(await codeFor('s2'), 's2')
    expect([await one.ask(), await two.ask()]).toEqual([admitted, admitted])
    expect(await nodes.revoke({ nodeId: one.key.nodeId })).toEqual([one.key.nodeId])
    let said = await one.ask()
    while (said === admitted) said = await one.ask()
    expect(said).toBe('NODE_REVOKED')
    expect(await two.ask()).toBe(admitted)
    await expect(nodes.enrol(JSON.parse(await one.key.enrolment(code)) as Parameters<NodeDirectory['enrol']>[0])).rejects.toMatchObject({ code: 'NODE_REVOKED' })
    expect(await nodes.revoke({ storeId: 's2' })).toEqual([two.key.nodeId])
    expect((await nodes.list()).filter(({ storeId, revokedAt }) => storeId === 's2' && revokedAt === null)).toEqual([])
  })

  test('a key file that is none is named, and left alone', async () => {
    using folder = scratchFolder()
    expect(await NodeKey.open(folder.path, 's1', false)).toBeNull()
    await writeFile(join(folder.path, 'node-key.json'), '{"key":')
    await expect(NodeKey.open(folder.path, 's1', true)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('node-key.json') })
  })
})
