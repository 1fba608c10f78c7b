import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** An attacker in a process of its own, that attacks when it is told to. */
export interface Besieger extends AsyncDisposable {
  /** Attacks while `work` is done, from when the first attack has been answered. @returns how many attacks there were */
  during(work: () => Promise<void>): Promise<number>
}

/** @param kinds names of attacks; all of them without */
export async function startBesieger(url: string, kinds: readonly string[] = []): Promise<Besieger> {
  const child = fork(fileURLToPath(new URL('attacker.ts', import.meta.url)), [url, ...kinds], { execArgv: ['--no-warnings'], env: { ...process.env, NODE_OPTIONS: '' } })
  const exited = once(child, 'exit')
  const hear = async (what: string): Promise<unknown> => {
    for (;;) {
      const [message] = (await Promise.race([once(child, 'message'), exited.then(() => Promise.reject(new Error('the attacker ended')))])) as [Record<string, unknown>]
      if (what in message) return message[what]
    }
  }
  await hear('ready')
  return {
    async during(work) {
      const begun = hear('begun')
      child.send('go')
      await begun
      try {
        await work()
      } finally {
        child.send('end')
      }
      return Number(await hear('made'))
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
