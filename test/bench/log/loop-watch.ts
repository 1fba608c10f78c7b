import { monitorEventLoopDelay, performance, type EventLoopUtilization } from 'node:perf_hooks'

/** How busy a process was since the watch began. */
export interface LoopReport {
  /** Milliseconds by which its event loop was late. */
  readonly lateP99Ms: number
  readonly lateMaxMs: number
  /** Share of the time in which its event loop had something to do, or waited for a processor to do it. */
  readonly busy: number
  /** Processors that it used, all of its threads together. */
  readonly cores: number
}

const resolutionMs = 5

/** Tells which of the processes had no time left: a follower that is late itself says nothing of origin. */
export class LoopWatch {
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs })
  #utilisation: EventLoopUtilization = performance.eventLoopUtilization()
  #cpu = process.cpuUsage()
  #since = performance.now()

  constructor() {
    this.#delay.enable()
  }

  begin(): void {
    this.#delay.reset()
    this.#utilisation = performance.eventLoopUtilization()
    this.#cpu = process.cpuUsage()
    this.#since = performance.now()
  }

  report(): LoopReport {
    const { user, system } = process.cpuUsage(this.#cpu)
    const late = (nanoseconds: number): number => Math.max(0, Math.round(nanoseconds / 1e5) / 10 - resolutionMs)
    return {
      lateP99Ms: late(this.#delay.percentile(99)),
      lateMaxMs: late(this.#delay.max),
      busy: performance.eventLoopUtilization(this.#utilisation).utilization,
      cores: (user + system) / 1000 / (performance.now() - this.#since),
    }
  }
}
