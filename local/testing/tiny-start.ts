import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AisleError } from '../../runtime/errors.ts'
import { decodeConfig } from '../../runtime/config.ts'
import { startConfigSchema } from '../everything/config.ts'
import { orderRunning, runStart } from '../everything/run.ts'
import type { Cast } from '../everything/cast.ts'
import { orders } from '../supervisor/control.ts'
import type { RoleSpec } from '../supervisor/role.ts'

/** `aisle start` and `aisle cloud` with three tiny roles instead of Aisle's own: everything around them is the real thing. */
const script = fileURLToPath(new URL('tiny-role.ts', import.meta.url))

const tinyCast: Cast = {
  async aside() {},
  async prepare({ config, ports, serverUrl }) {
    // Stands for loading that goes on and on.
    if (process.env.TINY_LOADS_FOREVER !== undefined) await new Promise(() => {})
    const role = (name: 'gateway' | 'origin' | 'edge', place: RoleSpec['place']): RoleSpec => ({
      name,
      parameters: [script, '--name', name, '--port', String(ports[name]), '--fails-with', join(config.directory, `break-${name}`)],
      url: `http://localhost:${ports[name]}`,
      place,
    })
    const roles = [role('origin', 'cloud'), role('gateway', 'cloud'), role('edge', 'store')]
    return { roles, databaseUrl: serverUrl, description: `up ${JSON.stringify({ ports, databaseUrl: serverUrl })}` }
  },
}

const [directory = '', order] = process.argv.slice(2)
try {
  const known = orders.find((candidate) => candidate === order)
  if (known === undefined) process.exit(await runStart(decodeConfig(startConfigSchema, { directory, portBase: 0, port: process.env.TINY_PORT }), tinyCast, process.stdout))
  process.stdout.write(`${await orderRunning(directory, known, (text) => process.stdout.write(`${text}\n`))}\n`)
} catch (error) {
  if (!AisleError.is(error)) throw error
  process.stderr.write(`${error.code} ${error.message}\n`)
  process.exitCode = 1
}
