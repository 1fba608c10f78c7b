import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { shownViews } from '../data/overlay/tables.ts'

/** How SQLite goes about what an operation asks. */
export interface Access {
  readonly tables: readonly string[]
  readonly indexes: readonly string[]
  /** Tables that a statement goes through from end to end, with their rows, where those are many. */
  readonly scans: readonly { readonly table: string; readonly rows: number }[]
}

const running = new Set<string>(['all', 'get', 'iterate', 'run'])

/** The same connection, which tells of every statement that is really run. */
export function recordingConnection(connection: DatabaseSync, onRun: (text: string) => void): DatabaseSync {
  return proxyOf(connection, (name, args, run) => (name === 'prepare' ? proxyOf(run() as StatementSync, (method, _args, go) => {
    if (running.has(method)) onRun(String(args[0]))
    return go()
  }) : run()))
}

/** Native objects want themselves as `this`. */
function proxyOf<Target extends object>(target: Target, call: (name: string, args: readonly unknown[], run: () => unknown) => unknown): Target {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name, object)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => call(String(name), args, () => Reflect.apply(value, object, args))
    },
  })
}

/** What the plans of these statements use. @param large rows from which on going through a whole table is worth a word */
export function accessOf(connection: DatabaseSync, statements: Iterable<string>, large: number): Access {
  const tables = new Set<string>()
  const indexes = new Set<string>()
  const scans = new Map<string, number>()
  for (const text of statements) {
    const details = connection.prepare(`explain query plan ${text}`).all().map(({ detail }) => String(detail))
    // What a part of the statement gives has a name too, perhaps that of a table.
    const made = new Set(details.map((detail) => /^(?:CO-ROUTINE|MATERIALIZE) (\S+)/.exec(detail)?.[1]))
    for (const detail of details) {
      const step = /^(SCAN|SEARCH) (\S+)(.*)$/.exec(detail)
      if (step === null) continue
      const [, how, alias = '', rest = ''] = step
      if (made.has(alias)) continue
      const table = alias.startsWith('main.') ? alias.slice(5) : tableOf(alias, text)
      if (!isTable(connection, table)) continue
      tables.add(table)
      const index = /USING (?:COVERING )?INDEX (\S+)/.exec(rest)?.[1]
      if (index !== undefined) indexes.add(index.startsWith('sqlite_autoindex') ? `${table} key` : index)
      else if (/PRIMARY KEY/.test(rest)) indexes.add(`${table} key`)
      else if (/VIRTUAL TABLE INDEX \d+:./.test(rest)) indexes.add(`${table} full text`)
      if (how !== 'SCAN' || /VIRTUAL TABLE INDEX \d+:./.test(rest)) continue
      const rows = rowsOf(connection, table)
      if (rows >= large) scans.set(table, rows)
    }
  }
  return { tables: [...tables].toSorted(), indexes: [...indexes].toSorted(), scans: [...scans].map(([table, rows]) => ({ table, rows })) }
}

/** A plan speaks of aliases: of the statement, or of the views that readers see. */
function tableOf(alias: string, text: string): string {
  for (const source of [text, shownViews]) {
    const found = new RegExp(`(?:from|join|,)\\s+(?:"?main"?\\.)?"?(\\w+)"?\\s+(?:as\\s+)?"?${alias.replaceAll(/\W/g, '')}"?(?!\\w)`, 'i').exec(source)?.[1]
    if (found !== undefined && !/^(?:select|on|where)$/i.test(found)) return found
  }
  return alias
}

function isTable(connection: DatabaseSync, name: string): boolean {
  return connection.prepare("select 1 from main.sqlite_schema where type = 'table' and name = ?").get(name) !== undefined
}

/** Rows of a table by its name, which must be of the schema. */
export function rowsOf(connection: DatabaseSync, table: string): number {
  return Number(connection.prepare(`select count(*) as rows from main."${table}"`).get()?.rows)
}
