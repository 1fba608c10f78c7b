import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A folder that is gone when the test ends. */
export function scratchFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'aisle-node-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Waits until the condition holds; what it says is wrong is in the error when it never does. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string, withinMs = 20_000): Promise<void> {
  const until = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`Not within ${withinMs} ms: ${what}`)
    await sleep(5)
  }
}
