import { expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))

test('the benchmark of gateways runs, and every target gives the right answer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-test-'))
  try {
    const json = join(folder, 'figures.json')
    // The other gateways would take a minute of two cores to start; whether they answer alike is seen in every whole run.
    const { stdout } = await run(process.execPath, ['--no-warnings', 'aisle.ts', 'bench', 'gateway', '--quick', '--json', json], { cwd: root, env: { ...process.env, NODE_OPTIONS: '', AISLE_BENCH_PEERS: 'none' } })
    expect(stdout).toContain('| bare proxy')
    const { figures } = JSON.parse(await readFile(json, 'utf8')) as { figures: Record<string, number> }
    for (const name of ['heavy.vs_proxy', 'heavy.p99_over_p50', 'small.vs_proxy', 'retail.ProductPage.p50_ms', 'retail.StoreStock.proxy.p99_ms']) expect(figures[name]).toBeGreaterThan(0)
    expect(figures).not.toHaveProperty(['heavy.vs_apollo'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 180_000)
