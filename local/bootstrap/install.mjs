import { spawn } from 'node:child_process'
import { chmod, copyFile, link, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { exists, isInstalled, stampFile, wantedStamp } from './installed.mjs'
import { withLock } from './lock.mjs'

/**
 * Makes node_modules what the lockfile asks for. Quiet and quick when it already is.
 * @param {string} root
 * @param {string} node the binary that must be there too
 */
export async function installIfNeeded(root, node) {
  if (await isInstalled(root, node)) return
  await withLock(join(root, '.aisle/install.lock'), async () => {
    if (await isInstalled(root, node)) return
    const began = Date.now()
    const say = progress('Installing what Aisle needs: its own Node, Postgres and the packages of the lockfile (once)')
    try {
      // Whatever the user's npm is set to leave out, this needs all of it.
      await runNpm(root, ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--engine-strict=false', '--global=false'])
      if (!(await exists(node))) await bringNode(root, node)
      await writeFile(stampFile(root), await wantedStamp(root))
    } finally {
      say.end()
    }
    process.stderr.write(`Installed in ${Math.round((Date.now() - began) / 1000)} s\n`)
  })
}

/**
 * The package `node` gets its binary by an install script, which npm may be told not to run. The binary itself comes in a package
 * that needs none: installed aside, and put where the script would have put it.
 */
async function bringNode(root, node) {
  const { version } = JSON.parse(await readFile(join(root, 'node_modules/node/package.json'), 'utf8'))
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  const name = `${prefix}-${process.platform}-${process.arch}`
  const aside = await mkdtemp(join(root, 'node_modules/.aisle-node-'))
  try {
    await writeFile(join(aside, 'package.json'), '{"private":true}')
    await runNpm(aside, ['install', `${name}@${version}`, '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--global=false'])
    const binary = join(aside, 'node_modules', name, 'bin/node')
    await mkdir(dirname(node), { recursive: true })
    await rm(node, { force: true })
    await link(binary, node).catch(() => copyFile(binary, node))
    await chmod(node, 0o755)
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Runs the npm that runs us, silent unless it fails. */
async function runNpm(folder, parameters) {
  const { npm_execpath: cli, npm_node_execpath: nodeOfNpm } = process.env
  const ours = cli !== undefined && /^npm(-cli)?\.c?js$/.test(basename(cli))
  const [program, first] = ours ? [nodeOfNpm ?? process.execPath, [cli]] : ['npm', []]
  // --prefix names the folder even where the environment names another one (npm --prefix DIR start).
  const child = spawn(program, [...first, ...parameters, '--prefix', folder], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = []
  child.stdout.on('data', (chunk) => said.push(chunk))
  child.stderr.on('data', (chunk) => said.push(chunk))
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  if (status === 0) return
  const text = Buffer.concat(said).toString('utf8').trim()
  throw new Error(`\nnpm ${parameters[0]} failed (${status}) in ${folder}:\n${text}\n\nCheck the network and the registry (npm config get registry), then run the same command again.`)
}

/** One line, with the seconds counted up where somebody watches. */
function progress(text) {
  const began = Date.now()
  if (!process.stderr.isTTY) {
    process.stderr.write(`${text} …\n`)
    return { end() {} }
  }
  const draw = () => process.stderr.write(`\r${text} … ${Math.round((Date.now() - began) / 1000)} s`)
  draw()
  const timer = setInterval(draw, 1000)
  return {
    end() {
      clearInterval(timer)
      process.stderr.write('\n')
    },
  }
}
