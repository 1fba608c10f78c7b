/** The values a series usually takes. */
export interface UsualRange {
  readonly min: number
  readonly max: number
}

export interface RangeOptions {
  /** Most previous values looked at. */
  readonly window: number
  /** Fewer previous values than this say nothing. */
  readonly fewest: number
  /** Width to either side of the median, in robust standard deviations. */
  readonly deviations: number
  /** Smallest standard deviation assumed, as a share of the median's size: a series at rest must not cry wolf. */
  readonly leastSpread: number
}

/** What makes the median absolute deviation, and the distance from median to 2 % quantile, estimate a normal standard deviation. */
const madConsistency = 1.4826
const tail = 0.02
const tailConsistency = 1 / 2.0537

/** Chosen on the labelled series of the Numenta Anomaly Benchmark; its test says what they reach there. */
export const defaultRange: RangeOptions = { window: 288, fewest: 30, deviations: 3, leastSpread: 0.02 }

/**
 * The usual range from the previous values, oldest first: median ± k robust standard deviations (the Hampel identifier:
 * Hampel, "The influence curve and its role in robust estimation", JASA 69, 1974; Davies and Gather, "The identification of
 * multiple outliers", JASA 88, 1993). Each side's deviation is the larger of that from the median absolute deviation and
 * that from the side's 2 % quantile: a compressor that runs a tenth of the time has two usual levels, and the first alone
 * would call one of them unusual. Null while there are too few values.
 */
export function usualRange(previous: readonly number[], { window, fewest, deviations, leastSpread }: RangeOptions = defaultRange): UsualRange | null {
  if (previous.length < fewest) return null
  const values = new Float64Array(previous.slice(-window)).toSorted()
  const center = quantile(values, 0.5)
  const mad = quantile(distances(values, center), 0.5)
  const least = Math.max(madConsistency * mad, leastSpread * Math.abs(center))
  const below = Math.max(least, tailConsistency * (center - quantile(values, tail)))
  const above = Math.max(least, tailConsistency * (quantile(values, 1 - tail) - center))
  return { min: center - deviations * below, max: center + deviations * above }
}

/** How far each value lies from the center, nearest first: walking outwards from it on both sides is quicker than sorting again. */
function distances(sorted: Float64Array, center: number): Float64Array {
  const found = new Float64Array(sorted.length)
  let above = sorted.findIndex((value) => value >= center)
  let below = above - 1
  for (let place = 0; place < found.length; place += 1) {
    const down = center - (sorted[below] ?? -Infinity)
    const up = (sorted[above] ?? Infinity) - center
    found[place] = Math.min(down, up)
    if (down < up) below -= 1
    else above += 1
  }
  return found
}

/** By linear interpolation between the two nearest values. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const lower = Math.floor(place)
  const value = sorted[lower] ?? Number.NaN
  return value + ((sorted[lower + 1] ?? value) - value) * (place - lower)
}
