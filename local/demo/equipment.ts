import { random, type Random } from './random.ts'
import type { DemoStore } from './stores.ts'
import { dayMs, type World } from './world.ts'

/** A device of a store. */
export interface DemoDevice {
  readonly id: string
  readonly store: DemoStore
  /** As the import format names it. */
  readonly kind: 'pos' | 'display' | 'shelf_label' | 'freezer' | 'handheld' | 'edge_node'
  readonly firmware: string
  /** Ids of the products that it shows; empty for what has no screen. */
  readonly shows: readonly string[]
}

/** The devices of a store: the more of them, the bigger it is. */
export function devicesOf(world: World, store: DemoStore): DemoDevice[] {
  const dice = random(`${world.seed}/devices/${store.id}`)
  const carried = world.products.filter((product) => world.carries(store, product))
  const show = (count: number): string[] => dice.shuffle(carried).slice(0, count).map((product) => product.id)
  const make = (kind: DemoDevice['kind'], count: number, name: string, shown: number): DemoDevice[] =>
    Array.from({ length: count }, (_, at) => ({
      id: `${store.id}-${name}-${at + 1}`,
      store,
      kind,
      firmware: `${dice.between(2, 4)}.${dice.between(0, 9)}.${dice.between(0, 20)}`,
      shows: show(shown),
    }))
  return [
    ...make('edge_node', 1, 'server', 0),
    ...make('pos', Math.round(2 + 2 * store.size), 'till', 0),
    ...make('display', Math.round(1 + 2 * store.size), 'display', 5),
    ...make('shelf_label', Math.round(6 + 6 * store.size), 'label', 1),
    ...make('freezer', Math.round(1 + 2 * store.size), 'freezer', 0),
    ...make('handheld', Math.round(1 + 2 * store.size), 'handheld', 0),
  ]
}

export interface DemoReading {
  readonly deviceId: string
  readonly metric: 'temperature'
  readonly at: number
  /** Degrees Celsius. */
  readonly value: number
}

/** Days of freezer readings, one every `readingStepMs`. */
export const readingDays = 3
export const readingStepMs = 10 * 60 * 1000

/** The freezer whose compressor fails in the demo, and for how long before the history ends, in milliseconds. */
export const failure = { deviceId: 'hamburg-freezer-2', beginsBefore: 15 * 60 * 60 * 1000, endsBefore: 10 * 60 * 60 * 1000 }

/** The temperatures of one freezer: a set point, the compressor's cycle, a defrost every eight hours, doors, and noise. */
export function* freezerReadings(world: World, device: DemoDevice): Generator<DemoReading> {
  const dice = random(`${world.seed}/readings/${device.id}/${world.midnight}`)
  const setPoint = -20 + dice.int(4)
  const phase = dice.int(48)
  const steps = (readingDays * dayMs) / readingStepMs
  let lost = 0
  for (let step = 0; step < steps; step += 1) {
    const at = world.midnight - (steps - step) * readingStepMs
    lost = warmth(device.id, world.midnight - at, lost)
    yield { deviceId: device.id, metric: 'temperature', at, value: Math.round((setPoint + usual(step + phase, dice) + lost) * 100) / 100 }
  }
}

function usual(step: number, dice: Random): number {
  const compressor = Math.sin((step / 4) * 2 * Math.PI) * 0.5
  const defrost = step % 48 < 3 ? [2.4, 3.6, 1.5][step % 48] ?? 0 : 0
  const door = dice.chance(0.03) ? dice.next() * 1.8 : 0
  return compressor + defrost + door + dice.normal() * 0.2
}

/** Degrees above usual while the compressor stands still, and while it catches up; Newton's law both ways. */
function warmth(deviceId: string, before: number, lost: number): number {
  if (deviceId !== failure.deviceId) return 0
  const failing = before <= failure.beginsBefore && before > failure.endsBefore
  return failing ? lost + (24 - lost) * 0.025 : lost * 0.82
}
