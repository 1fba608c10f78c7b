import { describe, expect, test } from '@jest/globals'
import { assert, array, constantFrom, property, uint8Array, integer } from 'fast-check'
import { MalformedResponse, parseHead } from './head.ts'
import { AnswerReceiver, type Received, TooLarge } from './receiver.ts'

const limit = 10_000

/** What is received when the bytes come in pieces cut at these places, each piece in memory that is used again. */
function receive(bytes: Buffer, cuts: readonly number[] = [], maxBytes = limit): { status: number; body: string; surplus: boolean } | null {
  const receiver = new AnswerReceiver(maxBytes)
  const shared = Buffer.alloc(bytes.length)
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted((one, other) => one - other)
  for (const [index, from] of places.entries()) {
    const size = bytes.copy(shared, 0, from, places[index + 1] ?? from)
    if (size === 0) continue
    const answer = receiver.push(shared.subarray(0, size))
    if (answer !== null) return read(answer)
    shared.fill(33)
  }
  const answer = receiver.end()
  return answer === null ? null : read(answer)
}

function read({ head, body, surplus }: Received): { status: number; body: string; surplus: boolean } {
  return { status: head.status, body: body.toString('latin1'), surplus }
}

function inChunks(body: Buffer, sizes: readonly number[]): Buffer {
  const parts: Buffer[] = []
  for (let at = 0, turn = 0; at < body.length; turn++) {
    const part = body.subarray(at, at + (sizes[turn % sizes.length] ?? body.length))
    parts.push(Buffer.from(`${part.length.toString(16)};note=1\r\n`), part, Buffer.from('\r\n'))
    at += part.length
  }
  return Buffer.concat([...parts, Buffer.from('0\r\nchecksum: 1\r\n\r\n')])
}

describe('an answer', () => {
  test('is the same however the network cuts it and whichever way its end is told', () => {
    assert(
      property(uint8Array({ maxLength: 300 }), array(integer({ min: 1, max: 40 }), { minLength: 1 }), array(integer({ min: 0, max: 600 })), constantFrom('length', 'chunks', 'end'), constantFrom('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'), (bytes, sizes, cuts, framing, before) => {
        const body = Buffer.from(bytes)
        const lines = { length: `Content-Length: ${body.length}\r\n`, chunks: 'Transfer-Encoding: chunked\r\n', end: '' }[framing]
        const head = Buffer.from(`${before}HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${lines}\r\n`)
        const whole = Buffer.concat([head, framing === 'chunks' ? inChunks(body, sizes) : body])
        expect(receive(whole, cuts)).toEqual({ status: 200, body: body.toString('latin1'), surplus: false })
      }),
    )
  })

  test('that is not complete is none', () => {
    expect(receive(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n1234'))).toBeNull()
    expect(receive(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n'))).toBeNull()
    expect(receive(Buffer.from('HTTP/1.1 200 OK\r\ncontent-len'))).toBeNull()
  })

  test('says when more has come than belongs to it', () => {
    expect(receive(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n'))).toEqual({ status: 200, body: '{}', surplus: true })
    expect(receive(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nmore'))).toEqual({ status: 200, body: '{}', surplus: true })
  })

  test('without a body has none, whatever its head says', () => {
    expect(receive(Buffer.from('HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n'))).toEqual({ status: 204, body: '', surplus: false })
  })

  test.each(['content-length: 11\r\n\r\n', 'transfer-encoding: chunked\r\n\r\nb\r\n01234567890\r\n', '\r\n01234567890'])('that is too large is refused: %j', (rest) => {
    expect(() => receive(Buffer.from(`HTTP/1.1 200 OK\r\n${rest}`), [], 10)).toThrow(TooLarge)
  })

  test.each([
    'SSH-2.0-OpenSSH_9.6\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 abc OK\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nContent-Length: 3\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\n folded: yes\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}}\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\n{}\r\n',
    `HTTP/1.1 200 OK\r\n${'x'.repeat(70_000)}`,
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;${'x'.repeat(5_000)}`,
  ])('that cannot be understood is refused: %j', (text) => {
    expect(() => receive(Buffer.from(text))).toThrow(MalformedResponse)
  })
})

describe('a connection', () => {
  test.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 1', 30_000],
    ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\nKeep-Alive: timeout=5, max=100', 4_000],
    ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\nConnection: Close', 0],
    ['HTTP/1.0 200 OK\r\ncontent-length: 1', 0],
    ['HTTP/1.1 200 OK', 0],
  ])('is used again as long as its server keeps it: %j', (head, ms) => {
    expect(parseHead(head).reusableMs).toBe(ms)
  })
})
