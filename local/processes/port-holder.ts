import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { commandLine } from './identity.ts'

/** Who listens at a TCP port of this machine, for people to read; null where it cannot be seen (another user's, say). */
export function portHolder(port: number): { readonly pid: number; readonly command: string } | null {
  const pid = process.platform === 'linux' ? holderInProc(port) : holderInLsof(port)
  return pid === null ? null : { pid, command: commandLine(pid) ?? 'unknown' }
}

const listening = '0A'

/** The kernel's tables name the socket of the port; one process has that socket among its descriptors. */
function holderInProc(port: number): number | null {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const sockets = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of linesOf(table)) {
      const fields = line.trim().split(/\s+/)
      if (fields[3] === listening && fields[1]?.endsWith(`:${wanted}`) === true) sockets.add(`socket:[${fields[9]}]`)
    }
  }
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const folder = `/proc/${pid}/fd`
      if (readdirSync(folder).some((descriptor) => sockets.has(linkOf(`${folder}/${descriptor}`)))) return Number(pid)
    } catch {
      // Another user's process, or one that just ended.
    }
  }
  return null
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(1)
  } catch {
    return [] // a machine without IPv6 has no tcp6
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed since it was listed
  }
}

function holderInLsof(port: number): number | null {
  try {
    return Number(execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n', 1)[0]) || null
  } catch {
    return null
  }
}
