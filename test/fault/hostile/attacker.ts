import { constants, setPriority } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { attacks, slowAttacks, socketAttacks, type Attack } from './attacks.ts'

/**
 * Attacks the server that its argument names while its parent wants it to, as a process of its own, so that it takes no time from
 * whoever measures: elsewhere it would have a machine of its own, so here it comes last. A few of each kind at a time; it says when
 * the first of a spell is made, and when the last of it has ended, with how many there were. A second argument names the kinds.
 */
const [url = '', ...names] = process.argv.slice(2)
const eachPauseMs = 100
const slowAtOnce = 10

setPriority(constants.priority.PRIORITY_LOW)
let spell: { readonly end: AbortController; readonly ended: Promise<number> } | null = null
process.on('message', (wanted) => void (wanted === 'go' ? begin() : end()))
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })

function begin(): void {
  const stop = new AbortController()
  spell = { end: stop, ended: attack(stop.signal) }
}

async function end(): Promise<void> {
  spell?.end.abort()
  process.send?.({ made: await spell?.ended })
}

async function attack(signal: AbortSignal): Promise<number> {
  let made = 0
  const repeat = async (kinds: readonly Attack[]): Promise<void> => {
    while (!signal.aborted && kinds.length > 0) {
      for (const kind of kinds) {
        if (signal.aborted) return
        await kind(url, signal).catch(() => null)
        made += 1
        if (made === 1) process.send?.({ begun: true })
        await pause(eachPauseMs, undefined, { signal }).catch(() => null)
      }
    }
  }
  const chosen = (kinds: Readonly<Record<string, Attack>>): Attack[] => Object.entries(kinds).flatMap(([name, kind]) => (names.length === 0 || names.includes(name) ? [kind] : []))
  const slow = chosen(slowAttacks)
  await Promise.all([repeat(chosen(attacks)), repeat(chosen(socketAttacks)), ...Array.from({ length: slowAtOnce }, (_, index) => repeat(slow.slice(index % Math.max(1, slow.length))))])
  return made
}
