import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import config from './vite.config.ts'

const { root } = config
const { outDir } = config.build
const packagesDir = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const stampFile = 'sources.sha256'

/** Packages whose code or work ends up in the page. */
const packages = [
  'graphiql', '@graphiql/react', '@graphiql/toolkit', '@graphiql/plugin-doc-explorer', '@graphiql/plugin-explorer', '@graphiql/plugin-history',
  'graphql', 'graphql-ws', 'monaco-editor', 'monaco-graphql', 'react', 'react-dom', 'vite',
]

const packageManifest = z.object({ version: z.string() })

export interface BuildOptions {
  /** Build even when nothing changed. */
  readonly force?: boolean
  readonly log?: (line: string) => void
}

export interface BuildResult {
  /** False when what is in `dist` was still good. */
  readonly built: boolean
  /** Milliseconds it took. */
  readonly ms: number
}

/** Builds the page into `dist` unless that was built from the same sources and packages. */
export async function buildExplorer({ force = false, log = () => {} }: BuildOptions = {}): Promise<BuildResult> {
  const started = performance.now()
  const elapsed = (): number => Math.round(performance.now() - started)
  const stamp = await sourceStamp()
  if (!force && (await builtStamp()) === stamp) return { built: false, ms: elapsed() }
  log('Building the explorer page')
  await buildInto(stamp)
  log(`Built the explorer page in ${(elapsed() / 1_000).toFixed(1)} s`)
  return { built: true, ms: elapsed() }
}

/** Builds beside `dist` and swaps it in whole, so that neither a killed build nor two at once leave half a page. */
async function buildInto(stamp: string): Promise<void> {
  const fresh = join(root, `dist.${process.pid}`)
  const { NODE_ENV } = process.env
  process.env.NODE_ENV = 'production' // React ships its development build under any other value
  try {
    const { build } = await import('vite')
    await build({ ...config, configFile: false, logLevel: 'warn', build: { ...config.build, outDir: fresh } })
    await writeFile(join(fresh, stampFile), stamp)
    await rm(outDir, { recursive: true, force: true })
    await rename(fresh, outDir).catch(async (error: unknown) => {
      if ((await builtStamp()) !== stamp) throw error // else another build of the same sources came first
    })
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = NODE_ENV
    await rm(fresh, { recursive: true, force: true })
  }
}

function builtStamp(): Promise<string | null> {
  return readFile(join(outDir, stampFile), 'utf8').catch(() => null)
}

async function sourceStamp(): Promise<string> {
  const hash = createHash('sha256')
  const entries = await readdir(root, { withFileTypes: true })
  const sources = entries.filter((entry) => entry.isFile() && /\.(?:tsx?|html|css|svg|json)$/.test(entry.name)).map((entry) => entry.name)
  for (const name of sources.toSorted()) hash.update(`${name}\0`).update(await readFile(join(root, name))).update('\0')
  for (const name of packages) hash.update(`${name}@${await versionOf(name)}\0`)
  return hash.digest('hex')
}

async function versionOf(name: string): Promise<string> {
  return packageManifest.parse(JSON.parse(await readFile(join(packagesDir, name, 'package.json'), 'utf8'))).version
}

if (import.meta.main) {
  const { built, ms } = await buildExplorer({ force: process.argv.includes('--force'), log: (line) => process.stdout.write(`${line}\n`) })
  if (!built) process.stdout.write(`The explorer page is up to date (${ms} ms)\n`)
}
