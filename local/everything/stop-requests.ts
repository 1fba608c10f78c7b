/**
 * A Ctrl-C comes twice at once: from the terminal to all of its processes, and again from npm, which passes on what it got.
 * Only a later one, in milliseconds, means impatience.
 */
const impatienceMs = 1_000

const parentCheckMs = 500

export interface StopRequests {
  /** Resolves with the reason when this process is to stop. */
  readonly requested: Promise<string>
  /** What to do before leaving at once, when it is asked for again. */
  onForce(work: () => Promise<void>): void
}

/** Listens for every way in which a run in a terminal, under npm, is told to end; also for the end of npm itself. */
export function stopRequests(): StopRequests {
  let firstAt: number | null = null
  let force = async (): Promise<void> => {}
  const { promise: requested, resolve } = Promise.withResolvers<string>()
  const ask = (reason: string): void => {
    firstAt ??= performance.now()
    resolve(reason)
    if (performance.now() - firstAt > impatienceMs) void force().finally(() => process.exit(130))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask(signal))
  // A terminal that is gone, or `npm start | head`, must not keep us from stopping.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  watchParent(() => ask('npm is gone'))
  return {
    requested,
    onForce(work) {
      force = work
    },
  }
}

/** The bootstrap names the process that must stay above us: when another adopts us, it has ended without a word. */
function watchParent(onGone: () => void): void {
  const parent = Number(process.env.AISLE_PARENT_PID)
  if (process.ppid !== parent) return // named for a process further up, whose environment we were given
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onGone()
  }, parentCheckMs)
  timer.unref()
}
