import type { CheckReport } from './check.ts'
import type { OperationReport } from './operation.ts'

/** The report as people read it. */
export function reportText({ storeId, position, replica, operations, problems, budgetMs }: CheckReport): string {
  const lines = [
    `Store ${storeId} at ${position}: replica of ${(replica.bytes / 1_048_576).toFixed(1)} MB (${Object.entries(replica.rows).map(([table, rows]) => `${rows} ${table}`).join(', ')})`,
    '',
    ...columns([['operation', 'type', 'offline', 'p50 ms', 'max ms', 'tables'], ...operations.map(rowOf)]),
    '',
    ...operations.flatMap(notesOf),
  ]
  const timed = operations.flatMap(({ maxMs }) => (maxMs === null ? [] : [maxMs]))
  const count = (offline: OperationReport['offline']): number => operations.filter((operation) => operation.offline === offline).length
  lines.push(
    '',
    `${operations.length} operations: ${count('yes')} answered offline, ${count('in part')} in part, ${count('cloud only')} in the cloud only, ${count('unproven')} unproven, ${count('no')} not; slowest ${Math.max(0, ...timed).toFixed(1)} ms${budgetMs === null ? '' : ` of ${budgetMs} ms`}`,
    ...problems.map((problem) => `PROBLEM ${problem}`),
  )
  return `${lines.join('\n')}\n`
}

function rowOf({ name, type, offline, p50Ms, maxMs, access }: OperationReport): string[] {
  const ms = (value: number | null): string => (value === null ? '-' : value.toFixed(2))
  return [name, type, offline, ms(p50Ms), ms(maxMs), access.tables.join(' ')]
}

function notesOf({ name, reasons, cloudOnly, otherStores, access, worst }: OperationReport): string[] {
  const notes = [
    ...reasons,
    ...(cloudOnly.length === 0 ? [] : [`only in the cloud: ${cloudOnly.join(', ')}`]),
    ...(otherStores.length === 0 ? [] : [`not of another store: ${otherStores.join(', ')}`]),
    ...access.scans.map(({ table: scanned, rows }) => `SCAN goes through all of ${scanned} (${rows} rows)`),
    ...(access.indexes.length === 0 ? [] : [`indexes: ${access.indexes.join(', ')}`]),
    ...(worst === null ? [] : [`worst with ${shortened(JSON.stringify(worst))}`]),
  ]
  return notes.length === 0 ? [] : [name, ...notes.map((note) => `  ${note}`)]
}

function shortened(text: string): string {
  return text.length <= 160 ? text : `${text.slice(0, 150)}… (${text.length} characters)`
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_cell, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? []
  const rightAligned = (at: number): boolean => rows[0]?.[at]?.endsWith(' ms') === true
  return rows.map((row) => row.map((cell, at) => (rightAligned(at) ? cell.padStart(widths[at] ?? 0) : at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  '))
}
