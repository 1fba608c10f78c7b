import { startOutboxLoop } from '../../edge-cache/node/data/outbox/loop.ts'
import type { OutboxMessage } from '../../edge-cache/node/data/outbox/messages.ts'
import type { OutboxThread, OutboxThreadOptions, StartOutboxThread } from '../../edge-cache/node/data/outbox/thread.ts'
import type { SimulatedMachine } from './machine.ts'

export interface SimulatedThreadOptions {
  readonly machine: SimulatedMachine
  /** How long the medium takes now, in milliseconds. */
  readonly fsyncMs: () => number
  /** Names a process. */
  readonly mint: () => string
  /** Called before a group of requests is committed, and after it. It may end the process. */
  readonly onCommit: (when: 'before' | 'after') => void
}

/** The outbox's thread and how much is asked of it. */
export interface SimulatedThreads {
  readonly start: StartOutboxThread
  /** Requests whose answers have not arrived. */
  readonly asked: number
  /** Ends all of them at once, as the end of the process does. */
  kill(): void
}

/** Writes the outbox with the loop that the real thread runs, on virtual time. */
export function simulatedThreads({ machine, fsyncMs, mint, onCommit }: SimulatedThreadOptions): SimulatedThreads {
  const running = new Set<() => void>()
  let asked = 0

  function start({ path, storeId, onReply, onEnd }: OutboxThreadOptions): OutboxThread {
    let ended = false
    let outstanding = 0
    const end = (code: number, fault: unknown): void => {
      if (ended) return
      ended = true
      running.delete(kill)
      asked -= outstanding
      onEnd(code, fault)
    }
    const kill = (): void => end(1, new Error('the process was killed'))
    running.add(kill)
    let loop: ((message: OutboxMessage) => void) | null = null
    try {
      loop = startOutboxLoop({
        path,
        storeId,
        mint,
        reply(message) {
          machine.after(1, () => {
            if (ended) return
            outstanding -= 1
            asked -= 1
            onReply(message)
          })
        },
        soon(work) {
          machine.after(fsyncMs(), () => {
            if (ended) return
            onCommit('before')
            if (ended) return
            work()
            onCommit('after')
          })
        },
        onClosed: () => end(0, null),
      })
    } catch (error) {
      machine.after(1, () => end(1, error))
    }
    return {
      send(message) {
        if (message === 'close') {
          if (loop !== null) loop(message)
          end(0, null)
          return
        }
        outstanding += 1
        asked += 1
        loop?.(message)
      },
      terminate: () => end(1, null),
    }
  }

  return {
    start,
    get asked() {
      return asked
    },
    kill() {
      for (const end of running) end()
    },
  }
}
