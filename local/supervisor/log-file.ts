import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, renameSync } from 'node:fs'
import { join } from 'node:path'

const tailBytes = 16 * 1024

/** The last lines written to the file since `begin` (a size in bytes), indented for a terminal. */
export function tailOf(file: string, begin = 0, lines = 30): string {
  if (!existsSync(file)) return '  (no log)'
  const handle = openSync(file, 'r')
  try {
    const { size } = fstatSync(handle)
    const from = Math.max(begin, size - tailBytes)
    const bytes = Buffer.alloc(Math.max(0, size - from))
    readSync(handle, bytes, 0, bytes.length, from)
    const text = bytes.toString('utf8').trimEnd()
    return text === '' ? '  (it logged nothing)' : text.split('\n').slice(-lines).map((line) => `  ${line}`).join('\n')
  } finally {
    closeSync(handle)
  }
}

/** Sets the logs of the last run aside, one generation of them, so that each run's logs tell one story. */
export function setLogsAside(folder: string): void {
  for (const file of readdirSync(folder)) {
    if (file.endsWith('.log') && !file.endsWith('.previous.log')) renameSync(join(folder, file), join(folder, file.replace(/\.log$/, '.previous.log')))
  }
}
