import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import type { Caller } from '../../runtime/identity/caller.ts'

/** What of a request is believed about where it comes from. */
export interface ClientTrust {
  /** How many proxies of ours stand in front: so many entries at the end of X-Forwarded-For are true. */
  readonly proxies: number
  /** A header in which a proxy of ours names the client; null without. */
  readonly idHeader: string | null
}

/** Names whoever a request is counted for: the token's subject, else the client that a trusted header names, else the address. */
export function clientOf(request: IncomingMessage, who: Caller, trust: ClientTrust): string {
  if (who.authenticated && !who.unrestricted) return short(`subject ${JSON.stringify(who.subject)}`)
  const id = trust.idHeader === null ? undefined : request.headers[trust.idHeader]
  if (typeof id === 'string' && id !== '') return short(`client ${id}`)
  return `address ${addressOf(request, trust.proxies)}`
}

const maxLength = 128

function short(name: string): string {
  return name.length <= maxLength ? name : `sha256 ${createHash('sha256').update(name).digest('hex')}`
}

/** Where a request comes from; of an IPv6 address the half that names a site, all of whose addresses one client may use. */
export function addressOf(request: IncomingMessage, proxies: number): string {
  const direct = request.socket.remoteAddress ?? ''
  if (proxies === 0) return network(direct)
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',').map((entry) => entry.trim())
  return network(forwarded.filter((entry) => entry !== '').at(-proxies) ?? direct)
}

function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return short(address)
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? []
  const start = head === '' ? [] : head.split(':')
  const end = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = tail === undefined ? start : [...start, ...Array.from({ length: Math.max(0, 8 - start.length - end.length) }, () => '0'), ...end]
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
