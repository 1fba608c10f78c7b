/** What the head of an HTTP/1.1 response says about what follows. */
export interface ResponseHead {
  readonly status: number
  /** Bytes of the body; null where chunks or the end of the connection tell. */
  readonly length: number | null
  readonly chunked: boolean
  /** The content encoding in lower case; null when there is none. */
  readonly encoding: string | null
  /** How long the connection may be used again after this answer, in milliseconds; 0 where it may not. */
  readonly reusableMs: number
}

/** The other end does not speak HTTP/1.1 as this end understands it. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse'
}

/** How long an idle connection is trusted where its server does not say, in milliseconds. */
const trustedIdleMs = 30_000
/** A server that closes idle connections is beaten to it by this much, in milliseconds: what is sent to a closing one is lost. */
const headStartMs = 1_000

/**
 * Reads a head, its final empty line left out (RFC 9112). Where length and chunks are both given, or lengths differ, nobody can say where
 * the next answer starts, so that such a head is refused.
 * @throws MalformedResponse
 */
export function parseHead(text: string): ResponseHead {
  const status = Number(text.slice(9, 12))
  if (!text.startsWith('HTTP/1.') || !(status >= 100 && status <= 999) || (text.length > 12 && text[12] !== ' ' && text[12] !== '\r')) throw new MalformedResponse('this is no HTTP/1.1 response')
  let length: number | null = null
  let chunked = false
  let encoding: string | null = null
  let reusableMs = text[7] === '1' ? trustedIdleMs : 0
  for (let start = text.indexOf('\r\n'); start >= 0; ) {
    start += 2
    const next = text.indexOf('\r\n', start)
    const end = next < 0 ? text.length : next
    const colon = text.indexOf(':', start)
    if (colon <= start || colon >= end || text[start] === ' ' || text[start] === '\t') throw new MalformedResponse('a header line cannot be read')
    // Most lines do not matter here; the length of a name tells nearly all of them apart.
    switch (colon - start) {
      case 10: {
        const name = text.slice(start, colon).toLowerCase()
        const value = text.slice(colon + 1, end).trim().toLowerCase()
        if (name === 'connection' && value.split(',').some((option) => option.trim() === 'close')) reusableMs = 0
        else if (name === 'keep-alive') reusableMs = Math.min(reusableMs, announcedIdle(value))
        break
      }
      case 14: {
        if (text.slice(start, colon).toLowerCase() !== 'content-length') break
        const value = text.slice(colon + 1, end).trim()
        if (!/^\d{1,15}$/.test(value) || (length !== null && length !== Number(value))) throw new MalformedResponse('the content-length cannot be read')
        length = Number(value)
        break
      }
      case 16:
        if (text.slice(start, colon).toLowerCase() === 'content-encoding') encoding = text.slice(colon + 1, end).trim().toLowerCase() || null
        break
      case 17:
        if (text.slice(start, colon).toLowerCase() !== 'transfer-encoding') break
        if (text.slice(colon + 1, end).trim().toLowerCase() !== 'chunked') throw new MalformedResponse('the transfer-encoding is not known')
        chunked = true
        break
      default:
    }
    start = next
  }
  if (chunked && length !== null) throw new MalformedResponse('both a length and chunks are announced')
  if (status < 200 || status === 204 || status === 304) return { status, length: 0, chunked: false, encoding: null, reusableMs }
  return { status, length, chunked, encoding, reusableMs: length === null && !chunked ? 0 : reusableMs }
}

function announcedIdle(value: string): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})/.exec(value)?.[1]
  return seconds === undefined ? trustedIdleMs : Math.max(0, Number(seconds) * 1000 - headStartMs)
}
