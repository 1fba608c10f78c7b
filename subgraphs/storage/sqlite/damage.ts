/** Whether SQLite found a file damaged, or no database at all (SQLITE_CORRUPT, SQLITE_NOTADB), rather than a disk or a lock in the way. */
export function isDamage(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false
  const primary = Number(error.errcode) & 0xff
  return primary === 11 || primary === 26
}
