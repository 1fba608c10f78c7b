import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Runs the work while no other process does the same: two commands typed one after the other on a fresh clone must not install over
 * each other. A lock whose holder is gone counts for nothing.
 * @param {string} file
 * @param {() => Promise<void>} work
 */
export async function withLock(file, work) {
  await mkdir(dirname(file), { recursive: true })
  let told = false
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => '0'))
    if (holder > 0 && !isAlive(holder)) {
      await rm(file, { force: true })
      continue
    }
    if (!told) process.stderr.write('Another command is installing; waiting for it …\n')
    told = true
    await new Promise((resolve) => {
      setTimeout(resolve, 200)
    })
  }
  try {
    await work()
  } finally {
    await rm(file, { force: true })
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
