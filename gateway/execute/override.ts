/**
 * Draws, once a request, which progressive overrides by percentage take place.
 * @param percentages ascending
 * @returns the lower end of the range between two percentages that was drawn: every number of it decides alike, so that there are
 * no more plans of an operation than ranges
 */
export function drawOverride(percentages: readonly number[], random: () => number = Math.random): number {
  if (percentages.length === 0) return 0
  const drawn = random() * 100
  return percentages.findLast((percentage) => percentage <= drawn) ?? 0
}
