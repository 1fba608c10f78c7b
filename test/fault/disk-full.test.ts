import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { NodeChild } from '../../edge-cache/node/data/testing/child.ts'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { startTestOrigin } from '../../edge-cache/origin/testing/test-origin.ts'
import { putProduct, putStock, putStore } from '../../subgraphs/log/testing/test-log.ts'
import { until } from '../environment/wait.ts'

/** A small disk of one's own, mounted at the folder; null where this user may not mount. */
function smallDisk(folder: string): (Disposable & { fill(): void; free(): void }) | null {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]).status !== 0) return null
  const filler = join(folder, 'filler')
  return {
    fill() {
      const handle = openSync(filler, 'a')
      try {
        for (const size of [65_536, 4_096, 1]) {
          const bytes = Buffer.alloc(size)
          try {
            while (writeSync(handle, bytes) > 0);
          } catch {
            continue
          }
        }
      } finally {
        closeSync(handle)
      }
    },
    free: () => rmSync(filler, { force: true }),
    [Symbol.dispose]: () => void execFileSync('umount', ['--lazy', folder]),
  }
}

const possible = (() => {
  using folder = scratchFolder()
  using disk = smallDisk(folder.path)
  return disk !== null
})()

const story = async (): Promise<void> => {
  using folder = scratchFolder()
  using disk = smallDisk(folder.path)
  await using origin = await startTestOrigin()
  await origin.log.write(putStore('s1'), putProduct('p1', 'Tea'), putStock('s1', 'p1', 10))
  const level = async (node: NodeChild): Promise<number | null> => (await node.look('p1')).onHand
  const settled = async (node: NodeChild): Promise<boolean> => (await node.look('p1')).status.pendingOperations === 0
  /** More than whatever room the files have left in themselves. */
  const refused = async (node: NodeChild, name: string): Promise<number> => {
    for (let kept = 0; ; kept += 1) {
      try {
        await node.write(`${name}-${kept}`, 'p1', -1)
      } catch (error) {
        expect(String(error)).toContain('could not keep the write')
        return kept
      }
    }
  }
  let expected = 10
  {
    await using node = await NodeChild.start(folder.path, origin.url, 's1')
    await until('the first copy', async () => (await level(node)) === 10)
    disk?.fill()
    expected -= await refused(node, 'first')
    expect(await level(node)).toBe(expected)
    await until('the cloud to be heard all the same', async () => (await node.look('p1')).status.online)
    disk?.free()
    await until('everything to be settled', () => settled(node))
    await node.write('between', 'p1', -1)
    expected -= 1
    expect(await level(node)).toBe(expected)
    disk?.fill()
    await node.kill()
  }
  await using node = await NodeChild.start(folder.path, origin.url, 's1')
  expect(await level(node)).toBe(expected)
  expected -= await refused(node, 'second')
  disk?.free()
  await until('writes to be kept again', async () => (await node.write('last', 'p1', -1)).userErrors.length === 0)
  expected -= 1
  await until('everything to be settled', () => settled(node))
  expect(await level(node)).toBe(expected)
  const { db } = origin.log.storage
  expect((await db.selectFrom('stock').select('on_hand').executeTakeFirstOrThrow()).on_hand).toBe(expected)
  expect(await db.selectFrom('movement').select('id').execute()).toHaveLength(10 - expected)
}

const title = 'on a full disk a node reads on, says which writes it does not keep, and goes on when there is room, with a restart in between'
if (possible) test(title, story)
else test.skip(`${title} (skipped: this user may not mount a disk)`, story)

/** Lets a process write to no file any more, or to all again; what is open stays open. */
function limitWrites(pid: number, limited: boolean): boolean {
  return spawnSync('prlimit', ['--pid', String(pid), `--fsize=${limited ? '0' : 'unlimited'}:unlimited`]).status === 0
}

const readOnlyStory = async (): Promise<void> => {
  using folder = scratchFolder()
  await using origin = await startTestOrigin()
  await origin.log.write(putStore('s1'), putProduct('p1', 'Tea'), putStock('s1', 'p1', 10))
  await using node = await NodeChild.start(folder.path, origin.url, 's1')
  await until('the first copy', async () => (await node.look('p1')).onHand === 10)
  await node.write('first', 'p1', -1)
  expect(limitWrites(node.pid, true)).toBe(true)
  await expect(node.write('refused', 'p1', -1)).rejects.toThrow('could not keep the write')
  expect((await node.look('p1')).onHand).toBe(9)
  // Changes of the cloud cannot be taken in, and say nothing of the link.
  await origin.log.write(putProduct('p2', 'Milk'))
  await until('the cloud to be heard all the same', async () => (await node.look('p1')).status.online)
  expect(limitWrites(node.pid, false)).toBe(true)
  await until('writes to be kept again', async () => {
    try {
      return (await node.write('second', 'p1', -1)).userErrors.length === 0
    } catch (error) {
      expect(String(error)).toContain('could not keep the write')
      return false
    }
  })
  await until('everything to be settled', async () => (await node.look('p1')).status.pendingOperations === 0)
  // What was refused may have been kept all the same; who repeats it under its id has it counted once.
  await node.write('refused', 'p1', -1)
  await until('everything to be settled', async () => (await node.look('p1')).status.pendingOperations === 0)
  expect((await node.look('p1')).onHand).toBe(7)
  expect(await origin.log.storage.db.selectFrom('movement').select('id').execute()).toHaveLength(3)
}

const readOnlyTitle = 'on a medium that takes no writes any more, as one that became read-only, a node reads on, refuses writes, and goes on by itself when it does'
if (limitWrites(process.pid, false)) test(readOnlyTitle, readOnlyStory)
else test.skip(`${readOnlyTitle} (skipped: there is no prlimit here)`, readOnlyStory)
