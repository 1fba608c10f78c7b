import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { NodeChild } from '../../edge-cache/node/data/testing/child.ts'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { startTestOrigin } from '../../edge-cache/origin/testing/test-origin.ts'
import { putProduct, putStock, putStore } from '../../subgraphs/log/testing/test-log.ts'
import { until } from '../environment/wait.ts'

const diskBytes = 16 * 1024 * 1024

/** A disk of one's own with ext4, as a store's box has one. */
interface OwnDisk extends Disposable {
  readonly folder: string
  /** An error of the medium: the file system takes no writes from now on, those of open files neither (`errors=remount-ro`). */
  fail(): void
  /** Mounts it anew, which a repair or a reboot does. */
  mountAnew(): void
}

/** Null where this user may not mount a disk, or nobody can make one fail. */
function ownDisk(folder: string): OwnDisk | null {
  const image = join(folder, 'image')
  const place = join(folder, 'disk')
  mkdirSync(place)
  closeSync(openSync(image, 'w'))
  truncateSync(image, diskBytes)
  const runs = (command: string, ...words: readonly string[]): boolean => spawnSync(command, words).status === 0
  const mount = (): boolean => runs('mount', '-t', 'ext4', '-o', 'loop,errors=remount-ro', image, place)
  if (!runs('mkfs.ext4', '-q', '-F', image) || !mount()) return null
  return {
    folder: place,
    fail() {
      const device = basename(execFileSync('findmnt', ['--noheadings', '--output', 'SOURCE', place], { encoding: 'utf8' }).trim())
      writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'a test of what becomes of the files')
    },
    mountAnew() {
      execFileSync('umount', [place])
      if (!mount()) throw new Error('The disk could not be mounted anew.')
    },
    [Symbol.dispose]: () => void execFileSync('umount', ['--lazy', place]),
  }
}

function takesWrites(folder: string): boolean {
  try {
    writeFileSync(join(folder, 'probe'), 'one')
    return true
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'EROFS') return false
    throw error
  }
}

const possible = ((): boolean => {
  using folder = scratchFolder()
  try {
    using disk = ownDisk(folder.path)
    disk?.fail()
    return disk !== null && !takesWrites(disk.folder)
  } catch {
    return false
  }
})()

const story = async (): Promise<void> => {
  using folder = scratchFolder()
  using disk = ownDisk(folder.path)
  if (disk === null) throw new Error('There was a disk a moment ago.')
  await using origin = await startTestOrigin()
  await origin.log.write(putStore('s1'), putProduct('p1', 'Tea'), putStock('s1', 'p1', 10))
  const data = join(disk.folder, 'node')
  const settled = (node: NodeChild) => until('everything to be settled', async () => (await node.look('p1')).status.pendingOperations === 0)
  {
    await using node = await NodeChild.start(data, origin.url, 's1')
    await until('the first copy', async () => (await node.look('p1')).onHand === 10)
    await node.write('kept', 'p1', -1)
    await settled(node)
    disk.fail()
    expect(takesWrites(disk.folder)).toBe(false)
    for (const id of ['refused', 'refused as well']) await expect(node.write(id, 'p1', -1)).rejects.toThrow('could not keep the write')
    // What the cloud has meanwhile cannot be taken in; that says nothing of the link, and keeps nobody from reading.
    await origin.log.write(putStock('s1', 'p1', 50))
    const { position } = (await node.look('p1')).status
    await until('the cloud to be heard all the same', async () => (await node.look('p1')).status.online)
    expect(await node.look('p1')).toMatchObject({ onHand: 9, status: { position } })
    await node.kill()
  }
  disk.mountAnew()
  await using node = await NodeChild.start(data, origin.url, 's1')
  await until('what the cloud has', async () => (await node.look('p1')).onHand === 50)
  // Who was refused repeats it under its id, and it counts once; what was acknowledged counts no second time.
  for (const id of ['refused', 'kept']) expect((await node.write(id, 'p1', -1)).userErrors).toEqual([])
  await settled(node)
  expect((await node.look('p1')).onHand).toBe(49)
  expect(await origin.log.storage.db.selectFrom('movement').select('id').execute()).toHaveLength(2)
}

const title = 'on a file system that became read-only under it (EROFS) a node reads on, refuses writes, and has lost nothing when it is mounted anew'
if (possible) test(title, story)
else test.skip(`${title} (skipped: this user may not mount a disk and make it fail)`, story)
