/** One row that could not be loaded. */
export interface Reject {
  readonly file: string
  /** Line of the file on which the row begins; the header is line 1. */
  readonly line: number
  /** The column at fault; null where the row as a whole is. */
  readonly column: string | null
  readonly reason: string
  /** The row as it stands in the file. */
  readonly row: string
}

/** What became of one file. `read` = `loaded` + `rejected`, and `loaded` = `changed` + `unchanged`. */
export interface FileReport {
  readonly file: string
  readonly read: number
  readonly loaded: number
  /** Rows that made or changed something in the database. */
  readonly changed: number
  /** Rows that the database already had. */
  readonly unchanged: number
  readonly rejected: number
  /** What the importer decided about good rows, with how many there were of each. */
  readonly remarks: readonly { readonly text: string; readonly rows: number }[]
  /** Milliseconds to read, check and copy the rows; to find unknown references and repeated keys; to merge. */
  readonly ms: { readonly read: number; readonly check: number; readonly merge: number }
}

/** What became of an import. */
export interface ImportReport {
  readonly source: string
  readonly files: readonly FileReport[]
  /** Number of rejected rows over all files. */
  readonly rejected: number
  /** The first of them; the rejects file has every one. */
  readonly rejects: readonly Reject[]
  /** Milliseconds from begin to commit. */
  readonly ms: number
}

/** How many rejected rows a report carries itself. */
export const rejectsInReport = 1000

/** "file:line column: reason", as compilers say it. */
export function describeReject({ file, line, column, reason }: Omit<Reject, 'row'>): string {
  return `${file}:${line}${column === null ? '' : ` ${column}`}: ${reason}`
}

const headings = ['file', 'read', 'loaded', 'changed', 'unchanged', 'rejected', 'seconds']

/** The report as a table of text, one line a file. */
export function summaryTable(report: ImportReport): string {
  const lines = [headings, ...report.files.map((file) => [
    file.file,
    ...[file.read, file.loaded, file.changed, file.unchanged, file.rejected].map((count) => count.toLocaleString('en')),
    ((file.ms.read + file.ms.check + file.ms.merge) / 1000).toFixed(1),
  ])]
  const widths = headings.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)))
  return lines.map((line) => line.map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0))).join('  ')).join('\n')
}
