import type { RecordCount, RecordMovement } from '../../subgraphs/inventory/commands.ts'
import type { ReportReadings } from '../../subgraphs/device/commands.ts'

/** A write as somebody in a store, or in the cloud, made it. */
export type Written =
  | { readonly kind: 'recordStockMovement'; readonly command: RecordMovement }
  | { readonly kind: 'recordStockCount'; readonly command: RecordCount }
  | { readonly kind: 'reportReadings'; readonly command: ReportReadings }

/** What its author knows of it. */
export interface Entry {
  readonly principal: string
  readonly written: Written
  /** The node that was asked first; null for the cloud. */
  readonly node: string | null
  /** When, in virtual time, the node last answered that it is kept; null as long as it has not. */
  keptAt: number | null
  /** The same of the cloud. */
  recordedAt: number | null
}

/** Everything that was written, as its authors remember it. */
export class Ledger {
  readonly entries: Entry[] = []
  #last = 0

  operationId(): string {
    this.#last += 1
    return `write-${this.#last}`
  }

  add(principal: string, node: string | null, written: Written): Entry {
    const entry: Entry = { principal, node, written, keptAt: null, recordedAt: null }
    this.entries.push(entry)
    return entry
  }
}
