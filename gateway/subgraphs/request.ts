import { acceptedEncodings } from './decode.ts'
import type { SentHeaders } from './transport.ts'

/** What this client says itself; propagated headers never replace it. */
const own = ['host', 'connection', 'content-type', 'accept', 'accept-encoding', 'content-length', 'transfer-encoding', 'keep-alive', 'te', 'upgrade', 'expect', 'trailer', 'proxy-connection']
const reserved: ReadonlySet<string> = new Set(own)

/** What every request says of itself; names in lower case. */
export const fixedHeaders: SentHeaders = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json',
  'accept-encoding': acceptedEncodings,
}

/** @returns an HTTP/1.1 request as it is sent: text where it is ASCII throughout, bytes otherwise */
export type WriteRequest = (headers: SentHeaders, body: string | Buffer) => string | Buffer

/** Writes POST requests with JSON bodies for one URL. */
export function compileRequest({ pathname, search, host }: URL): WriteRequest {
  const start = `POST ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n${headerLines(fixedHeaders)}`
  return (headers, body) => {
    let lines = ''
    let isAscii = true
    for (const name in headers) {
      const value = headers[name] ?? ''
      if (!isSent(name)) continue
      if (!asciiValue.test(value)) {
        checkValue(name, value)
        isAscii = false
      }
      lines += `${name}: ${value}\r\n`
    }
    const length = Buffer.byteLength(body)
    const head = `${start}${lines}content-length: ${length}\r\n\r\n`
    if (typeof body !== 'string') return Buffer.concat([Buffer.from(head, 'latin1'), body])
    return length === body.length && isAscii ? head + body : Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])
  }
}

export function compileGet(url: URL, path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\naccept: */*\r\n\r\n`
}

/** Without what this client says itself. @throws TypeError when a header could be taken for something else than one header */
export function sendableHeaders(headers: SentHeaders): SentHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => {
      checkValue(name, value)
      return isSent(name)
    }),
  )
}

const asciiValue = /^[\t\u0020-\u007e]*$/

function checkValue(name: string, value: string): void {
  if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) throw new TypeError(`the header ${JSON.stringify(name)} cannot be sent`)
}

/** What was found about names; they come from the configuration, so that there are few. */
const known = new Map<string, boolean>()

/** False for what this client says itself. @throws TypeError for what is no name of a header */
function isSent(name: string): boolean {
  let sent = known.get(name)
  if (sent === undefined) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw new TypeError(`the header ${JSON.stringify(name)} cannot be sent`)
    sent = !reserved.has(name.toLowerCase())
    known.set(name, sent)
  }
  return sent
}

function headerLines(headers: SentHeaders): string {
  let lines = ''
  for (const [name, value] of Object.entries(headers)) lines += `${name}: ${value}\r\n`
  return lines
}
