/**
 * Does something now, and again `everyMs` milliseconds after each time it ended, until it is disposed, which waits for what is under way.
 * A fault is told, and the next time comes all the same.
 */
export function repeat(work: () => Promise<void>, everyMs: number, onFault: (error: unknown) => void): AsyncDisposable {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running = run()
  async function run(): Promise<void> {
    try {
      await work()
    } catch (error) {
      onFault(error)
    }
    if (!stopped) timer = setTimeout(() => void (running = run()), everyMs).unref()
  }
  return {
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
