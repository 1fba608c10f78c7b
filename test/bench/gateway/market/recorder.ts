import { setTimeout as pause } from 'node:timers/promises'
import type { RecordedFetch } from './serve.ts'

/** How long nothing must come before a wave counts as complete, in milliseconds. */
const quietMs = 100

/** Writes down which requests a gateway makes side by side: it holds each until nothing else comes, so that what came by then is one wave. */
export class Recorder {
  readonly waves: RecordedFetch[][] = []
  #wave: RecordedFetch[] | null = null
  #complete: Promise<void> = Promise.resolve()
  #last = 0

  hold(fetch: RecordedFetch): Promise<void> {
    this.#last = performance.now()
    if (this.#wave === null) {
      this.#wave = []
      this.waves.push(this.#wave)
      this.#complete = this.#untilQuiet()
    }
    this.#wave.push(fetch)
    return this.#complete
  }

  async #untilQuiet(): Promise<void> {
    for (let left = quietMs; left > 0; left = quietMs - (performance.now() - this.#last)) await pause(left)
    this.#wave = null
  }
}
