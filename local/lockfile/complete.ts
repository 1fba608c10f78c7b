import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** An entry of `packages` in package-lock.json, as far as this looks at it. */
interface LockedPackage {
  readonly version?: string
  readonly dev?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Lockfile {
  packages: Record<string, LockedPackage>
}

const file = fileURLToPath(new URL('../../package-lock.json', import.meta.url))

/**
 * The builds for other platforms that the lockfile does not name. `npm install` leaves out those that the registry it asks does not
 * have, and `npm ci` then refuses the lockfile on every machine.
 */
export function missingBuilds({ packages }: Lockfile): Map<string, LockedPackage> {
  const missing = new Map<string, LockedPackage>()
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '') continue
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isLocked(packages, path, name) || !/^\d+\.\d+\.\d+/.test(version)) continue
      missing.set(`node_modules/${name}`, describe(name, version, entry.dev === true))
    }
  }
  return missing
}

/** Whether Node, asked from `path`, would find the package in what is locked. */
function isLocked(packages: Lockfile['packages'], path: string, name: string): boolean {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (`${base === '' ? '' : `${base}/`}node_modules/${name}` in packages) return true
    if (base === '') return false
  }
}

/** Such packages say their platform in their name: `binding-linux-x64-musl`, `darwin-arm64`. */
function describe(name: string, version: string, dev: boolean): LockedPackage {
  const [os = '', cpu = '', abi = ''] = (name.split('/').at(-1) ?? '').replace(/^(resolver-)?binding-/, '').split('-')
  const libc = abi.startsWith('gnu') ? 'glibc' : abi.startsWith('musl') ? 'musl' : null
  return { version, cpu: [cpu], ...(dev ? { dev } : {}), ...(libc === null ? {} : { libc: [libc] }), optional: true, os: [os] } as LockedPackage
}

/** Reads the project's lockfile. */
export async function readLockfile(): Promise<Lockfile> {
  return JSON.parse(await readFile(file, 'utf8')) as Lockfile
}

if (import.meta.main) {
  const lockfile = await readLockfile()
  const missing = missingBuilds(lockfile)
  const entries = Object.entries({ ...lockfile.packages, ...Object.fromEntries(missing) }).toSorted(([a], [b]) => (a < b ? -1 : 1))
  await writeFile(file, `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(entries) }, null, 2)}\n`)
  process.stdout.write(`${missing.size} builds for other platforms added to package-lock.json\n`)
}
