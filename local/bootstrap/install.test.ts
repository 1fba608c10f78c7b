import { describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const module = new URL('install.mjs', import.meta.url).href

/** A project whose one dependency lies in it: npm installs that with no network. */
async function project(): Promise<AsyncDisposable & { readonly path: string; lock(version: string): Promise<void>; install(): Promise<string> }> {
  const path = await mkdtemp(join(tmpdir(), 'aisle-install-test-'))
  const lock = async (version: string): Promise<void> => {
    await mkdir(join(path, 'part'), { recursive: true })
    await writeFile(join(path, 'part/package.json'), JSON.stringify({ name: 'part', version }))
    await writeFile(join(path, 'package.json'), JSON.stringify({ name: 'whole', dependencies: { part: 'file:part' } }))
    const packages = { '': { name: 'whole', dependencies: { part: 'file:part' } }, 'node_modules/part': { resolved: 'part', link: true }, part: { version } }
    await writeFile(join(path, 'package-lock.json'), JSON.stringify({ name: 'whole', lockfileVersion: 3, requires: true, packages }))
  }
  await lock('1.0.0')
  return {
    path,
    lock,
    async install() {
      const script = `import { installIfNeeded } from ${JSON.stringify(module)}; await installIfNeeded(${JSON.stringify(path)}, process.execPath)`
      const { npm_execpath: _, ...environment } = process.env
      return (await run(process.execPath, ['--input-type=module', '--eval', script], { env: environment })).stderr
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

describe('installing what is missing', () => {
  test('happens once, and again when the lockfile changes', async () => {
    await using it = await project()
    expect(await it.install()).toMatch(/Installing what Aisle needs[^]*Installed in \d+ s/)
    expect(await it.install()).toBe('')
    await it.lock('1.0.1')
    expect(await it.install()).toMatch(/Installed in/)
    expect(await it.install()).toBe('')
  })

  test('is left to npm where somebody has run it by hand', async () => {
    await using it = await project()
    await it.install()
    await rm(join(it.path, 'node_modules/.aisle-install'))
    expect(await it.install()).toBe('')
    await access(join(it.path, 'node_modules/.aisle-install'))
  })

  test('is done by one of two that come at once, and the other waits', async () => {
    await using it = await project()
    const said = (await Promise.all([it.install(), it.install()])).join('')
    expect(said.match(/Installed in/g)).toHaveLength(1)
    await expect(access(join(it.path, '.aisle/install.lock'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('shows what npm said when it fails, and is tried again the next time', async () => {
    await using it = await project()
    await writeFile(join(it.path, 'package.json'), JSON.stringify({ name: 'whole', dependencies: { 'not-in-the-lockfile': 'file:part' } }))
    await expect(it.install()).rejects.toThrow(/npm ci failed \(1\)[^]*npm (error|ERR!)/)
    await it.lock('1.0.0')
    expect(await it.install()).toMatch(/Installed in/)
    expect(await readFile(join(it.path, 'node_modules/.aisle-install'), 'utf8')).toContain(process.platform)
  })
})
