/** What brings people into the store: a basket is made of one or two of these and of habits. */
export interface Theme {
  readonly name: string
  /** How many households it means something to, relative to the others. */
  readonly households: number
  /** How much of it a month sees, January first. */
  readonly months: readonly number[]
  /** How much of it a weekday sees, Sunday first. */
  readonly weekdays: readonly number[]
  /** Least and most kinds bought of it at once. */
  readonly items: readonly [number, number]
}

const evenly = (count: number): number[] => Array.from({ length: count }, () => 1)
const allYear = evenly(12)
const allWeek = evenly(7)
const weekend = [1.2, 0.6, 0.6, 0.7, 0.9, 1.8, 2.2]
const workdays = [0.4, 1.4, 1.3, 1.2, 1.2, 0.9, 0.5]
const warmMonths = [0.1, 0.1, 0.3, 0.8, 1.5, 2.2, 2.4, 2.2, 1.2, 0.4, 0.1, 0.1]
const coldMonths = [2.2, 2, 1.3, 0.7, 0.4, 0.2, 0.2, 0.2, 0.6, 1.2, 1.8, 2.2]

/** The themes that `catalogue/` names, but for `staples`, which every basket may hold. */
export const themes: readonly Theme[] = [
  { name: 'breakfast', households: 10, months: allYear, weekdays: [1.4, 0.8, 0.8, 0.8, 0.9, 1.3, 1.8], items: [3, 6] },
  { name: 'pasta', households: 10, months: allYear, weekdays: allWeek, items: [3, 5] },
  { name: 'pizza', households: 4, months: allYear, weekdays: weekend, items: [2, 4] },
  { name: 'barbecue', households: 7, months: warmMonths, weekdays: weekend, items: [4, 7] },
  { name: 'salad', households: 6, months: [0.7, 0.7, 0.9, 1.1, 1.3, 1.4, 1.4, 1.4, 1.1, 0.9, 0.7, 0.7], weekdays: workdays, items: [3, 5] },
  { name: 'tacos', households: 5, months: allYear, weekdays: weekend, items: [3, 6] },
  { name: 'movie', households: 6, months: allYear, weekdays: weekend, items: [2, 5] },
  { name: 'party', households: 4, months: [0.8, 0.8, 0.9, 1, 1, 1.1, 1, 1, 1, 1, 1.1, 2.2], weekdays: weekend, items: [4, 8] },
  { name: 'baking', households: 5, months: [0.8, 0.9, 1, 1, 0.8, 0.6, 0.6, 0.6, 0.9, 1.1, 1.6, 2.4], weekdays: weekend, items: [3, 5] },
  { name: 'teatime', households: 5, months: coldMonths, weekdays: [1.6, 0.9, 0.9, 0.9, 0.9, 1, 1.4], items: [2, 4] },
  { name: 'coffee', households: 6, months: allYear, weekdays: allWeek, items: [1, 2] },
  { name: 'lunch', households: 7, months: allYear, weekdays: workdays, items: [3, 5] },
  { name: 'fitness', households: 4, months: [2, 1.4, 1.2, 1, 1, 0.9, 0.8, 0.8, 1.1, 1, 0.8, 0.5], weekdays: workdays, items: [3, 5] },
  { name: 'cold', households: 5, months: coldMonths, weekdays: allWeek, items: [2, 5] },
  { name: 'summer', households: 5, months: warmMonths, weekdays: allWeek, items: [2, 4] },
  { name: 'family', households: 6, months: allYear, weekdays: allWeek, items: [2, 5] },
  { name: 'cleaning', households: 7, months: [1, 1, 1.5, 1.3, 1, 1, 0.8, 0.8, 1, 1, 1, 1.1], weekdays: [0.7, 1, 1, 1, 1, 1.1, 1.5], items: [2, 5] },
  { name: 'care', households: 6, months: allYear, weekdays: allWeek, items: [2, 4] },
  { name: 'baby', households: 2, months: allYear, weekdays: allWeek, items: [3, 6] },
  { name: 'cat', households: 3, months: allYear, weekdays: allWeek, items: [2, 4] },
  { name: 'dog', households: 2.5, months: allYear, weekdays: allWeek, items: [2, 3] },
]
