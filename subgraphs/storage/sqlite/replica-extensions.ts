import type { DatabaseSync } from 'node:sqlite'
import type { ReplicaExtension } from './extension.ts'

/** Stands for tables whose extension was left out for a while: they exist, and their contents are out of date. */
const neglected = -1

/**
 * Brings what the extensions keep in line with their code: makes it where it is missing, derives it anew where it has another
 * version. `filled` says whether there are rows to derive from.
 */
export function ensureExtensions(connection: DatabaseSync, extensions: readonly ReplicaExtension[], filled: boolean): void {
  const rows = connection.prepare('select name, version from replica_extension').all()
  const known = new Map(rows.map((row) => [String(row.name), Number(row.version)]))
  const remember = connection.prepare('insert into replica_extension (name, version) values (?, ?) on conflict (name) do update set version = excluded.version')
  for (const extension of extensions) {
    const version = known.get(extension.name)
    known.delete(extension.name)
    if (version === extension.version) continue
    if (version === undefined) extension.create(connection)
    if (version !== undefined || filled) extension.rebuild(connection)
    remember.run(extension.name, extension.version)
  }
  for (const name of known.keys()) remember.run(name, neglected)
}

export function rebuildExtensions(connection: DatabaseSync, extensions: readonly ReplicaExtension[]): void {
  for (const extension of extensions) extension.rebuild(connection)
}
