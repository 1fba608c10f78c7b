/** Something that is ready to be sent. */
export interface Departure {
  /** Sends it, if there is still somebody to send it to. Must not throw. */
  depart(): void
}

/** Once so much waits, in bytes, it is sent at once: more would only stay in memory, and keep its receivers idle. */
const mostWaiting = 16_384

let waiting: Departure[] = []
let size = 0

/**
 * Sends what is ready together, at the end of the turn of the event loop in which it became ready, and in that order. Requests and answers
 * come in bunches, and each that is sent on may wake whoever waits for it on another core: once a bunch instead of once for each.
 * @param bytes about how many it sends
 */
export function departTogether(departure: Departure, bytes: number): void {
  if (waiting.length === 0) setImmediate(departAll)
  waiting.push(departure)
  size += bytes
  if (size >= mostWaiting) departAll()
}

function departAll(): void {
  const ready = waiting
  waiting = []
  size = 0
  for (const departure of ready) departure.depart()
}
