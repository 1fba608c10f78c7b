/** Tells what is being done. Several steps may run at once. */
export interface Progress {
  step(title: string): Step
  /** A line for people, at once. */
  note(text: string): void
}

export interface Step {
  /** What it is at now: "order_lines 45%". */
  update(detail: string): void
  /** It is through, with what came of it. */
  done(detail?: string): void
  /** It is over without having been done; the error tells the rest. */
  fail(): void
}

export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

interface ActiveStep {
  readonly title: string
  readonly began: number
  detail: string
  toldAt: number
}

const redrawMs = 100
const plainMs = 3_000

/** On a terminal one line that is redrawn; elsewhere a plain line now and then for what takes long. Finished steps stay as lines. */
export class ProgressPrinter implements Progress, Disposable {
  readonly #terminal: Terminal
  readonly #active = new Set<ActiveStep>()
  readonly #timer: NodeJS.Timeout

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#timer = setInterval(() => this.#draw(), redrawMs)
    this.#timer.unref()
  }

  step(title: string): Step {
    const began = performance.now()
    const step: ActiveStep = { title, began, detail: '', toldAt: began }
    this.#active.add(step)
    const end = (line: string | null): void => {
      if (this.#active.delete(step) && line !== null) this.note(line)
    }
    return {
      update: (detail) => {
        step.detail = detail
      },
      done: (detail = '') => end(`  ✓ ${title}${detail === '' ? '' : `: ${detail}`} (${elapsed(began)})`),
      fail: () => end(null),
    }
  }

  note(text: string): void {
    this.#terminal.write(`${this.#terminal.isTTY === true ? '\r\u001B[K' : ''}${text}\n`)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    if (this.#terminal.isTTY === true) this.#terminal.write('\r\u001B[K')
  }

  #draw(): void {
    const now = performance.now()
    if (this.#terminal.isTTY === true) {
      if (this.#active.size === 0) return
      const text = `  … ${[...this.#active].map(describe).join('  |  ')}`
      this.#terminal.write(`\r\u001B[K${text.slice(0, (this.#terminal.columns ?? 80) - 1)}`)
      return
    }
    for (const step of this.#active) {
      if (now - step.toldAt < plainMs) continue
      step.toldAt = now
      this.#terminal.write(`  … ${describe(step)}\n`)
    }
  }
}

function describe({ title, detail, began }: ActiveStep): string {
  return `${title}${detail === '' ? '' : `: ${detail}`} (${elapsed(began)})`
}

function elapsed(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
