import { createHash } from 'node:crypto'
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * What the lockfile asks for, as one short text. The platform counts: node_modules may be shared between machines.
 * @param {string} root
 */
export async function wantedStamp(root) {
  const lock = await readFile(join(root, 'package-lock.json'))
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}\n`
}

/** @param {string} root */
export const stampFile = (root) => join(root, 'node_modules/.aisle-install')

/**
 * Whether what the lockfile asks for is there. Goes by our own stamp; without one (somebody ran `npm ci` by hand) by what npm
 * notes about its own work, and then writes the stamp.
 * @param {string} root
 * @param {string} node the binary that must be there too
 */
export async function isInstalled(root, node) {
  const wanted = await wantedStamp(root)
  if (!(await exists(node))) return false
  const stamp = await readFile(stampFile(root), 'utf8').catch(() => null)
  if (stamp !== null) return stamp === wanted
  if (!(await npmInstalledAll(root))) return false
  await writeFile(stampFile(root), wanted).catch(() => {}) // node_modules may be read-only, as in an image
  return true
}

/** @param {string} root */
async function npmInstalledAll(root) {
  const note = await readFile(join(root, 'node_modules/.package-lock.json'), 'utf8').catch(() => null)
  if (note === null) return false
  const installed = JSON.parse(note).packages
  const wanted = Object.entries(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')).packages)
  return wanted.every(([path, entry]) => path === '' || installed[path]?.version === entry.version || (installed[path] === undefined && mayBeMissing(entry)))
}

/** An optional package is left out where it does not fit; one made for this very system is not. */
function mayBeMissing({ optional, os, cpu, libc }) {
  if (optional !== true) return false
  const madeForUs = os?.includes(process.platform) && cpu?.includes(process.arch) && libc === undefined
  return madeForUs !== true
}

/** @param {string} path */
export async function exists(path) {
  return await access(path).then(() => true, () => false)
}
