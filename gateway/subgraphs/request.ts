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
export type WriteRequest = (headers: SentHeaders, body: string) => string | Buffer

/** Writes POST requests with JSON bodies for one URL. */
export function compileRequest({ pathname, search, host }: URL): WriteRequest {
  const start = `POST ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n${headerLines(fixedHeaders)}`
  // All the requests that one operation makes come with the same headers.
  let lastHeaders: SentHeaders | null = null
  let lastLines = ''
  return (headers, body) => {
    if (headers !== lastHeaders) {
      lastLines = headerLines(sendableHeaders(headers))
      lastHeaders = headers
    }
    const length = Buffer.byteLength(body)
    const head = `${start}${lastLines}content-length: ${length}\r\n\r\n`
    return length === body.length && isAscii(lastLines) ? head + body : Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])
  }
}

export function compileGet(url: URL, path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\naccept: */*\r\n\r\n`
}

/** Without what this client says itself. @throws TypeError when a header could be taken for something else than one header */
export function sendableHeaders(headers: SentHeaders): SentHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => {
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) throw new TypeError(`the header ${JSON.stringify(name)} cannot be sent`)
      return !reserved.has(name.toLowerCase())
    }),
  )
}

function headerLines(headers: SentHeaders): string {
  let lines = ''
  for (const [name, value] of Object.entries(headers)) lines += `${name}: ${value}\r\n`
  return lines
}

function isAscii(text: string): boolean {
  return text === '' || /^[\0-\u007f]*$/.test(text)
}
