/** The tables of the import format, in the order in which they load: what is referred to comes first. */
export const formatTables = ['products', 'stores', 'orders', 'order_lines', 'stock', 'stock_movements', 'devices', 'readings'] as const

/** What a source inside the project may give beyond the format: prices of single stores, and what displays show. */
export const extraTables = ['store_prices', 'device_shows'] as const

export type TableName = (typeof formatTables)[number] | (typeof extraTables)[number]

/** One row as text, in the order of its table's `columns`; null stands for empty. */
export interface SourceRow {
  /** Where the row begins: its line in the file (the header is line 1), or its number in a generated table. */
  readonly line: number
  readonly cells: readonly (string | null)[]
  /** The row as it stands in the file; made from the cells where a source has no file. */
  readonly text?: string
  /** Why the row cannot be read at all. */
  readonly problem?: string
}

/** One table of a source. It can be read more than once, and gives the same rows each time. */
export interface SourceTable {
  /** How reports name it: the file's name, or the table's. */
  readonly file: string
  readonly columns: readonly string[]
  /** Number of rows, where the source knows it beforehand. */
  readonly total?: number
  rows(): AsyncIterable<readonly SourceRow[]>
  /** How much of it has been read in the present pass, 0 to 1, where that can be told. */
  readonly fraction?: () => number
}

/** Where data comes from: a folder of CSV files, or a generator. */
export interface DataSource {
  /** For people: the folder, or what is generated. */
  readonly name: string
  /** The table, or null where the source has none. */
  table(name: TableName): Promise<SourceTable | null>
}
