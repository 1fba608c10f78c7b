import { expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readableCopy } from './copy.ts'

test('the readable copy is complete, made once, and mended when something was swept out of it', async () => {
  const source = await mkdtemp(join(tmpdir(), 'aisle-copy-test-'))
  const version = `test-${randomUUID()}`
  const made: string[] = []
  const copy = () => readableCopy(source, version, async (folder) => {
    made.push(folder)
    await symlink('tool', join(folder, 'bin/link')).catch(() => {})
  }, null)
  let folder = ''
  try {
    await mkdir(join(source, 'bin'), { mode: 0o700 })
    await writeFile(join(source, 'bin/tool'), 'a tool', { mode: 0o700 })
    await writeFile(join(source, 'text'), 'a text', { mode: 0o600 })

    const both = await Promise.all([copy(), copy()])
    folder = both[0]
    expect(both[1]).toBe(folder)
    expect((await readdir(folder)).toSorted()).toEqual(['bin', 'text'])
    expect(await readFile(join(folder, 'bin/link'), 'utf8')).toBe('a tool')
    expect((await stat(join(folder, 'text'))).mode & 0o777).toBe(0o755)

    const first = (await stat(folder)).ino
    expect(await copy()).toBe(folder)
    expect((await stat(folder)).ino).toBe(first)

    await rm(join(folder, 'text'))
    expect(await copy()).toBe(folder)
    expect(await readFile(join(folder, 'text'), 'utf8')).toBe('a text')
    expect(made.length).toBeGreaterThan(0)
  } finally {
    await rm(source, { recursive: true, force: true })
    if (folder !== '') await rm(folder, { recursive: true, force: true })
  }
})
