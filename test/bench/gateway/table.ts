/** Cells of a table; numbers stand to the right. */
export type Row = readonly (string | number | null)[]

/** A table in Markdown, its columns aligned. */
export function table(headings: readonly string[], rows: readonly Row[]): string {
  const texts = rows.map((row) => row.map((cell) => cellText(cell)))
  const widths = headings.map((heading, column) => Math.max(heading.length, ...texts.map((row) => row[column]?.length ?? 0)))
  const numeric = headings.map((_, column) => rows.some((row) => typeof row[column] === 'number'))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, numeric[column] === true)).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (numeric[column] === true ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`
  return [line(headings), rule, ...texts.map((row) => line(row))].join('\n')
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width)
}

function cellText(cell: string | number | null): string {
  if (cell === null) return '–'
  if (typeof cell === 'string') return cell
  const digits = Math.abs(cell) >= 100 ? 0 : Math.abs(cell) >= 10 ? 1 : 2
  return cell.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
