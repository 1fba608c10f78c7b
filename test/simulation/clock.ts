import type { SimulatedNode } from './node.ts'
import type { World } from './world.ts'

export const dayMs = 24 * 60 * 60 * 1000

/** A clock is right, or wrong by much or little. */
export function setClock({ random, time, note, count }: World, node: SimulatedNode): void {
  node.wallAhead = random.pick([0, dayMs, -dayMs, 3_600_000, -90_000, -time.now])
  note(`${node.name}: its clock is ${node.wallAhead} ms ahead`)
  const name = { [dayMs]: 'clock: a day ahead', [-dayMs]: 'clock: a day behind', [-time.now]: 'clock: at 1970' }[node.wallAhead]
  if (name !== undefined) count(name)
}
