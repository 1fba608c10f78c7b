import { setTimeout as pause } from 'node:timers/promises'
import { attacks, slowAttacks, socketAttacks, type Attack } from './attacks.ts'

/**
 * Attacks the server that its argument names until it is told to end, as a process of its own, so that it takes no time from whoever
 * measures. A few of each kind at a time; how many it has made goes to its parent at the end.
 */
const url = process.argv[2] ?? ''
const eachPauseMs = 100
const slowAtOnce = 10

const end = new AbortController()
let made = 0
process.on('message', () => end.abort())
process.on('disconnect', () => process.exit(1))

async function repeat(kinds: readonly Attack[]): Promise<void> {
  while (!end.signal.aborted) {
    for (const attack of kinds) {
      if (end.signal.aborted) return
      await attack(url).catch(() => null)
      made++
      await pause(eachPauseMs)
    }
  }
}

const slow = Object.values(slowAttacks)
await Promise.all([repeat(Object.values(attacks)), repeat(Object.values(socketAttacks)), ...Array.from({ length: slowAtOnce }, (_, index) => repeat(slow.slice(index % slow.length)))])
process.send?.(made)
process.disconnect()
