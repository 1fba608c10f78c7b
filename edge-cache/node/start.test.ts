import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { defaultPatience } from '../../runtime/http/patience.ts'
import { createRoleContext, type RunningRole } from '../../runtime/role.ts'
import { closeServer, listen } from '../../runtime/server.ts'
import { until } from '../../test/environment/wait.ts'
import { openOutboxFile } from './data/outbox/schema.ts'
import { scratchFolder } from './data/testing/conditions.ts'
import { startEdge } from './main.ts'

const manifest = fileURLToPath(new URL('../../schema/manifest.json', import.meta.url))

/** A node as the command starts it. */
const start = (data: string, origin = 'http://127.0.0.1:9'): Promise<RunningRole> =>
  startEdge({ ...defaultPatience, port: 0, host: '127.0.0.1', origin, store: '7', data, manifest, bodyLimit: 4096, clientOperations: 100, cacheBytes: 0, allowOrigin: [] }, createRoleContext('edge', 'silent'))

test('a directory of a newer version is left as it is, and said to be of one', async () => {
  using folder = scratchFolder()
  const file = join(folder.path, 'outbox.db')
  {
    using outbox = openOutboxFile(file, '7')
    outbox.exec('pragma user_version = 999')
  }
  await expect(start(folder.path)).rejects.toMatchObject({ code: 'DIRECTORY_TOO_NEW', message: expect.stringContaining(`${file} has version 999`) })
  using outbox = new DatabaseSync(file)
  expect(outbox.prepare('pragma user_version').get()).toEqual({ user_version: 999 })
})

test('a directory that cannot be one is named, with the setting that names it', async () => {
  using folder = scratchFolder()
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  const strange = join(folder.path, 'strange')
  mkdirSync(join(strange, 'replica.db'), { recursive: true })
  for (const directory of [join(file, 'below'), strange]) {
    await expect(start(directory)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(`The directory ${directory} (--data) cannot be used`) })
  }
  const keyed = join(folder.path, 'keyed')
  mkdirSync(join(keyed, 'node-key.json'), { recursive: true })
  await expect(start(keyed)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(/node-key\.json cannot be read: EISDIR.* Let this user read it\.$/) })
})

test('a node without a copy says what keeps it from one, and what to do', async () => {
  using folder = scratchFolder()
  const refusing = createServer((_request, response) => {
    response.writeHead(404, { 'content-type': 'application/json', 'aisle-protocol': '1' }).end('{"error":{"code":"STORE_UNKNOWN","message":"There is no store 7."}}')
  })
  const port = await listen(refusing, 0, '127.0.0.1')
  try {
    for (const [origin, reason] of [[`http://127.0.0.1:${port}`, /There is no store 7\. .*correct --store/], [`https://127.0.0.1:${port}`, /cannot be reached: [^]* the scheme \(http or https\)/]] as const) {
      await using node = await start(folder.path, origin)
      const problem = async (): Promise<string> => ((await (await fetch(`${node.url}/health/ready`)).json()) as { problems: { copy: string } }).problems.copy
      await until('the reason to be told', async () => reason.test(await problem()))
      expect(await problem()).toMatch(/^the first copy of the data has not arrived yet: /)
    }
  } finally {
    await closeServer(refusing)
  }
})
