import { lstatSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'

/** Who Postgres runs as. It refuses to run as root, so root lends it an account that owns nothing. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** `nobody` of Linux and the like; needs no entry in the list of users. */
const nobody: Account = { uid: 65_534, gid: 65_534 }

/** Another account to run as, or null to run as ourselves. */
export function lentAccount(): Account | null {
  return process.getuid?.() === 0 ? nobody : null
}

/** Whether this account may read the file, and may pass through every folder above it. Goes by modes; ACLs are not seen. */
export function mayRead(path: string, account: Account): boolean {
  let current: string
  try {
    current = realpathSync(path)
  } catch {
    return false
  }
  if (!allows(current, account, 4)) return false
  while (current !== dirname(current)) {
    current = dirname(current)
    if (!allows(current, account, 1)) return false
  }
  return true
}

function allows(path: string, { uid, gid }: Account, bit: number): boolean {
  const status = lstatSync(path)
  if (status.uid === uid) return (status.mode & (bit << 6)) !== 0
  if (status.gid === gid) return (status.mode & (bit << 3)) !== 0
  return (status.mode & bit) !== 0
}
