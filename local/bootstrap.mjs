// What `npm start` and `npm test` run: plain JavaScript for whatever Node is there (18 or later). It installs what is missing,
// then hands over to the Node of the project, by path.
import { join } from 'node:path'
import { checks, runChecks } from './bootstrap/checks.mjs'
import { handOver } from './bootstrap/hand-over.mjs'
import { installIfNeeded } from './bootstrap/install.mjs'
import { root, projectNode } from './bootstrap/places.mjs'

const [mode, ...rest] = process.argv.slice(2)
const aisle = join(root, 'aisle.ts')
const jest = join(root, 'node_modules/jest/bin/jest.js')

const modes = {
  start: () => handOver([aisle, 'start', ...rest]),
  aisle: () => handOver([aisle, ...rest]),
  check: () => runChecks(checks),
  lockfile: () => handOver([join(root, 'local/lockfile/complete.ts')]),
  async test() {
    // With arguments only the tests that they name; without, everything that must hold.
    if (rest.length === 0) await runChecks(checks)
    const nodeOptions = [process.env.NODE_OPTIONS, '--experimental-vm-modules', '--no-warnings'].filter(Boolean).join(' ')
    await handOver([jest, ...rest], { NODE_OPTIONS: nodeOptions })
  },
}

try {
  const run = modes[mode ?? '']
  if (run === undefined) throw new Error(`Say what to run: ${Object.keys(modes).join(', ')}`)
  // An incomplete lockfile cannot be installed, so what completes it runs on what is there.
  if (mode !== 'lockfile') await installIfNeeded(root, projectNode)
  await run()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
