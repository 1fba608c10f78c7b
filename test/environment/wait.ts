import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks until the answer is not null (nor false), however long that takes on a busy machine, up to `limitMs`.
 * @throws Error naming what was waited for, with the last failure.
 */
export async function until<Value>(what: string, ask: () => Promise<Value | null | false> | Value | null | false, limitMs = 60_000): Promise<Value> {
  const deadline = performance.now() + limitMs
  let last: unknown = 'no answer'
  for (;;) {
    try {
      const value = await ask()
      if (value !== null && value !== false) return value
      last = value
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}: ${last instanceof Error ? last.message : String(last)}`)
    await sleep(25)
  }
}

/** Resolves when the role at `url` says that it can serve. */
export async function ready(url: string): Promise<void> {
  await until(`${url} to be ready`, async () => (await fetch(`${url}/health/ready`)).status === 200)
}
