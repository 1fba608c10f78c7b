import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { peersFolder } from './targets/peers.ts'

const stampFile = join(peersFolder, 'node_modules/.installed')

async function wanted(): Promise<string> {
  const lock = await readFile(join(peersFolder, 'package-lock.json'))
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}`
}

/** True when the other gateways are there, as their lockfile has them; `AISLE_BENCH_PEERS=none` leaves them out all the same. */
export async function peersInstalled(): Promise<boolean> {
  if (process.env.AISLE_BENCH_PEERS === 'none') return false
  return (await readFile(stampFile, 'utf8').catch(() => null)) === (await wanted())
}

/**
 * Installs the other gateways where they are not there yet. Nothing but this benchmark needs them.
 * @throws Error with what npm said
 */
export async function installPeers(say: (text: string) => void): Promise<void> {
  if (process.env.AISLE_BENCH_PEERS === 'none' || (await peersInstalled())) return
  say('Installing the other gateways (once, 700 MB; some of it under the Elastic licence, for comparison only) …')
  const { npm_execpath: cli, npm_node_execpath: nodeOfNpm } = process.env
  const underNpm = cli !== undefined && /^npm(-cli)?\.c?js$/.test(basename(cli))
  const [program, first] = underNpm ? [nodeOfNpm ?? process.execPath, [cli]] : ['npm', []]
  const npm = spawn(program, [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--global=false', '--prefix', peersFolder], { cwd: peersFolder, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: Buffer[] = []
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk))
  const [code] = (await once(npm, 'close')) as [number | null]
  if (code !== 0) throw new Error(`npm ci failed in ${peersFolder}:\n${Buffer.concat(said).toString('utf8')}`)
  await writeFile(stampFile, await wanted())
}
