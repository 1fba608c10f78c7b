/** A stream of pseudo-random choices, the same for the same seed on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number in [0, below). */
  int(below: number): number
  /** A whole number in [from, to]. */
  between(from: number, to: number): number
  chance(probability: number): boolean
  /** Normally distributed, mean 0, deviation 1. */
  normal(): number
  /** @throws RangeError on an empty list */
  pick<T>(list: readonly T[]): T
  /** An index, chosen in proportion to its weight. */
  weighted(weights: readonly number[]): number
  shuffle<T>(list: readonly T[]): T[]
}

/** FNV-1a with a final mix (MurmurHash3's): 32 bits of a text. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return mix(hash)
}

/** A number in [0, 1) that belongs to a seed and two others; cheap enough to ask for instead of to remember. */
export function unit(seed: number, a: number, b: number): number {
  return mix(mix(mix(seed ^ 0x9e3779b9) ^ Math.imul(a + 1, 0x85ebca6b)) ^ Math.imul(b + 1, 0xc2b2ae35)) / 2 ** 32
}

function mix(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** Opens the stream that belongs to a seed; streams of different seeds have nothing to do with each other (sfc32, Doty-Humphrey). */
export function random(seed: string): Random {
  let a = hash32(seed)
  let b = hash32(`${seed}/b`)
  let c = hash32(`${seed}/c`)
  let counter = 1
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  for (let round = 0; round < 12; round += 1) next()
  const int = (below: number): number => Math.floor(next() * below)
  return {
    next,
    int,
    between: (from, to) => from + int(to - from + 1),
    chance: (probability) => next() < probability,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick(list) {
      const picked = list[int(list.length)]
      if (picked === undefined) throw new RangeError('nothing to pick from')
      return picked
    },
    weighted(weights) {
      let left = next() * weights.reduce((sum, weight) => sum + weight, 0)
      for (const [at, weight] of weights.entries()) {
        left -= weight
        if (left < 0) return at
      }
      return weights.length - 1
    },
    shuffle(list) {
      const shuffled = [...list]
      for (let at = shuffled.length - 1; at > 0; at -= 1) {
        const other = int(at + 1)
        const [x, y] = [shuffled[at], shuffled[other]]
        if (x === undefined || y === undefined) continue
        shuffled[at] = y
        shuffled[other] = x
      }
      return shuffled
    },
  }
}
