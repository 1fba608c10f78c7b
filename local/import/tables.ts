import { products, storePrices } from './catalogue.ts'
import { deviceShows, devices, readings } from './devices.ts'
import type { ImportTable } from './table.ts'
import { movements, orderLines, orders, stock, stores } from './trade.ts'

/** Every table that can be imported, in the order in which they load: what is referred to comes first. */
export const importTables: readonly ImportTable[] = [
  products, stores, orders, orderLines, stock, movements, devices, readings, storePrices, deviceShows,
]
