import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { z } from 'zod'

const run = promisify(execFile)
const project = fileURLToPath(new URL('../', import.meta.url))
const lockSchema = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), optional: z.boolean().optional(), devOptional: z.boolean().optional() })) })
let app: string

/** What the image holds, laid out as its Dockerfile does, without an engine: the sources it copies, and the packages that are no one's development. */
beforeAll(async () => {
  await mkdir(join(project, '.aisle'), { recursive: true })
  app = await mkdtemp(join(project, '.aisle/image-'))
  const dockerfile = await readFile(join(project, 'Dockerfile'), 'utf8')
  const final = dockerfile.split(/^FROM .*$/m).at(-1) ?? ''
  for (const [, sources = ''] of final.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
    for (const source of sources.split(' ')) await cp(join(project, source), join(app, source), { recursive: true, filter: (path) => !/\.test\.ts$|\/testing(?:\/|$)|\/node_modules(?:\/|$)/.test(path) })
  }
  const { packages } = lockSchema.parse(JSON.parse(await readFile(join(project, 'package-lock.json'), 'utf8')))
  const kept = Object.entries(packages).filter(([path, { dev, optional, devOptional }]) => /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) && dev !== true && optional !== true && devOptional !== true)
  expect(kept.length).toBeGreaterThan(50)
  for (const [path] of kept) {
    await mkdir(dirname(join(app, path)), { recursive: true })
    await run('cp', ['-al', join(project, path), join(app, path)]).catch(() => cp(join(project, path), join(app, path), { recursive: true }))
  }
}, 120_000)
afterAll(() => rm(app, { recursive: true, force: true }))

test('the image runs the Node that the project is tested with, as nobody', async () => {
  const dockerfile = await readFile(join(project, 'Dockerfile'), 'utf8')
  const { devDependencies } = z.object({ devDependencies: z.record(z.string(), z.string()) }).parse(JSON.parse(await readFile(join(project, 'package.json'), 'utf8')))
  expect(new Set([...dockerfile.matchAll(/^FROM (?:--\S+ )?node:(\S+?)-/gm)].map(([, version]) => version))).toEqual(new Set([devDependencies.node]))
  const values = await readFile(join(project, 'helm/aisle/values.yaml'), 'utf8')
  const [, user] = /^USER (\d+):\d+$/m.exec(dockerfile) ?? []
  expect(values).toContain(`  id: ${user}\n`)
  expect(dockerfile).toMatch(/^ENTRYPOINT \["node", "aisle\.ts"\]$/m)
})

test.each(['gateway', 'subgraph', 'origin', 'edge', 'migrate', 'import', 'train', 'operations', ''])('aisle %s has all that it needs without what only development has', async (role) => {
  const { stdout } = await run(process.execPath, ['aisle.ts', ...(role === '' ? [] : [role]), '--help'], { cwd: app, env: { PATH: process.env.PATH } })
  expect(stdout).toContain('Usage: aisle')
})

test.each([
  ['gateway', ['--supergraph', 'schema/supergraph.graphql', '--manifest', 'schema/manifest.json']],
  ['edge', ['--store', 'nowhere', '--origin', 'http://127.0.0.1:9']],
])('%s starts and stops', async (role, flags) => {
  const data = role === 'edge' ? ['--data', join(app, 'data')] : []
  const child = spawn(process.execPath, ['aisle.ts', role, '--port', '0', ...flags, ...data], { cwd: app, env: { PATH: process.env.PATH, NODE_ENV: 'production' }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  try {
    let output = ''
    const url = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        output += chunk.toString('utf8')
        const [found] = /http:\/\/localhost:\d+/.exec(output) ?? []
        if (found !== undefined) resolve(found)
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      void ended.then(() => reject(new Error(output)))
    })
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
  } finally {
    child.kill('SIGTERM')
  }
  expect(await ended).toBe(0)
})
