import type { Logger } from '../../runtime/log.ts'
import type { Machine } from '../../runtime/machine.ts'
import { silenceMs, type Link } from './data/link.ts'
import { next, type NodeEvent, type NodeState } from './state.ts'

/** Why a node is in doubt, and for how long after it last showed (milliseconds); until origin takes the node again for Infinity. */
const doubts = {
  /** The cloud has writes of this store that this node did not keep: a twin writes too, or this disk was taken back. */
  stranger: 60 * 60 * 1000,
  /** Acknowledged writes, or the file that held them, were damaged or are gone. */
  loss: 24 * 60 * 60 * 1000,
  /** Origin knows no such store, speaks another protocol, or has revoked this node. */
  refused: Infinity,
} as const

export type Doubt = keyof typeof doubts

export interface StateTrackerOptions {
  readonly initial: NodeState
  readonly link: Link
  readonly machine: Machine
  readonly log: Logger
}

/** Follows what happens to a node along the table of states; says so in the log whenever the state changes. */
export class StateTracker implements Disposable {
  readonly #options: StateTrackerOptions
  readonly #doubts = new Map<Doubt, number>()
  #state: NodeState
  #watch: Disposable | null = null
  #up = false
  #closed = false

  constructor(options: StateTrackerOptions) {
    this.#options = options
    this.#state = options.initial
    options.link.onUp(() => this.#heard())
  }

  get state(): NodeState {
    // A timer may come late; nobody is told that origin answers when it does not.
    if (this.#up && !this.#options.link.online) this.#silent()
    return this.#state
  }

  /** A fresh copy has taken its place. */
  copied(): void {
    this.#happened('copied')
  }

  /** Only a fresh copy helps. */
  broken(): void {
    this.#happened('broken')
  }

  /** The link was lost for certain. */
  lost(): void {
    if (this.#up) this.#silent()
  }

  /** A page was taken in. */
  page(atHead: boolean): void {
    this.#vouch()
    this.#happened(atHead ? 'head' : 'more')
  }

  doubt(reason: Doubt): void {
    if (this.#closed) return
    if (!this.#doubts.has(reason)) this.#options.log.warn({ reason }, 'this node is in doubt: somebody should look at it')
    this.#doubts.set(reason, this.#options.machine.monotonic())
    this.#happened('doubted')
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#watch?.[Symbol.dispose]()
  }

  /** Origin has just answered, so it does not refuse this node; the other reasons end with time. */
  #vouch(): void {
    if (this.#doubts.size === 0) return
    const now = this.#options.machine.monotonic()
    for (const [reason, since] of this.#doubts) if (reason === 'refused' || now - since >= doubts[reason]) this.#doubts.delete(reason)
    if (this.#doubts.size === 0) this.#happened('vouched')
    // What was found before the first copy could not be told then.
    else this.#happened('doubted')
  }

  #heard(): void {
    this.#up = true
    this.#happened('heard')
    this.#watchSilence()
  }

  #silent(): void {
    this.#up = false
    this.#watch?.[Symbol.dispose]()
    this.#watch = null
    this.#happened('silent')
  }

  #watchSilence(): void {
    this.#watch?.[Symbol.dispose]()
    const { machine, link } = this.#options
    if (this.#closed) return
    this.#watch = machine.after(silenceMs, () => {
      if (!this.#up) return
      if (link.online) this.#watchSilence()
      else this.#silent()
    })
  }

  #happened(event: NodeEvent): void {
    if (this.#closed) return
    const before = this.#state
    this.#state = next(before, event)
    if (this.#state !== before) this.#options.log.info({ from: before, to: this.#state, event }, 'the state of this node changed')
  }
}
