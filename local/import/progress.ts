import type { Progress } from './load.ts'

/** Where progress is told. */
export interface Terminal {
  readonly isTTY?: boolean
  write(text: string): unknown
}

export interface ProgressPrinter {
  step(progress: Progress): void
  /** Takes the bar away, so that what follows starts on a clean line. */
  clear(): void
}

const barWidth = 24
const redrawMs = 80

/** A bar that redraws itself on a terminal; elsewhere one plain line for each file that begins. */
export function progressPrinter(terminal: Terminal): ProgressPrinter {
  return terminal.isTTY === true ? bar(terminal) : plain(terminal)
}

function bar(terminal: Terminal): ProgressPrinter {
  let drawnAt = -Infinity
  return {
    step(progress) {
      const now = performance.now()
      const share = shareOf(progress)
      if (now - drawnAt < redrawMs && share !== 1) return
      drawnAt = now
      const filled = Math.round((share ?? 0) * barWidth)
      const picture = share === undefined ? '' : `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} `
      terminal.write(`\r\u001B[K${picture}${progress.file}  ${progress.rows.toLocaleString('en')} rows`)
    },
    clear() {
      if (drawnAt > -Infinity) terminal.write('\r\u001B[K')
    },
  }
}

function plain(terminal: Terminal): ProgressPrinter {
  let file = ''
  return {
    step(progress) {
      if (progress.file === file) return
      file = progress.file
      terminal.write(`loading ${file}\n`)
    },
    clear() {},
  }
}

function shareOf({ rows, total, fraction }: Progress): number | undefined {
  return total === undefined ? fraction : total === 0 ? 1 : rows / total
}
