import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RecordAssembler, toCsvLine } from './csv.ts'
import type { SourceRow } from './source.ts'

function read(text: string): SourceRow[] {
  const assembler = new RecordAssembler()
  const rows: SourceRow[] = []
  const lines = text.split('\n')
  for (const line of lines.at(-1) === '' ? lines.slice(0, -1) : lines) assembler.feed(line, rows)
  assembler.end(rows)
  return rows
}

describe('records of lines', () => {
  test('quotes, doubled quotes, line breaks and CRLF follow RFC 4180', () => {
    const rows = read('a,b\r\n"1,5","say ""hi"""\r\n"two\r\nlines",x\r\n,last')
    expect(rows.map((row) => row.cells)).toEqual([
      ['a', 'b'],
      ['1,5', 'say "hi"'],
      ['two\r\nlines', 'x'],
      [null, 'last'],
    ])
    expect(rows.map((row) => row.line)).toEqual([1, 2, 3, 5])
  })

  test('empty lines are no rows, and still count as lines', () => {
    expect(read('a\n\n\n1\n').map((row) => [row.line, row.cells[0]])).toEqual([[1, 'a'], [4, '1']])
  })

  test('a broken quote costs its own line and no other', () => {
    const rows = read('a,b\n1,"open\n2,fine\n3,"x"y\n4,i"j\n5,"two\nlines"\n6,"open to the end\n7,fine\n')
    expect(rows.filter((row) => row.problem === undefined).map((row) => [row.line, ...row.cells])).toEqual([
      [1, 'a', 'b'], [3, '2', 'fine'], [6, '5', 'two\nlines'], [9, '7', 'fine'],
    ])
    expect(rows.filter((row) => row.problem !== undefined).map((row) => [row.line, row.text])).toEqual([
      [2, '1,"open'], [4, '3,"x"y'], [5, '4,i"j'], [8, '6,"open to the end'],
    ])
  })

  test('a row with too many or too few values says so', () => {
    expect(read('a,b\n1\n1,2,3\n').slice(1).map((row) => row.problem)).toEqual([
      'has 1 values where the header has 2 columns', 'has 3 values where the header has 2 columns',
    ])
  })

  test('whatever is written is read back, each row on its line', () => {
    const cell = fc.stringMatching(/^[a-z,"\r\n ü]{0,6}$/).map((text) => (text === '' ? null : text))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('1', '22'), cell, cell), { minLength: 1, maxLength: 20 }), (table) => {
        const text = ['a,b,c', ...table.map((cells) => toCsvLine(cells))].map((line) => `${line}\n`)
        const rows = read(text.join('')).slice(1)
        expect(rows.map((row) => row.cells)).toEqual(table)
        let line = 1
        for (const [at, row] of rows.entries()) {
          line += text[at]?.split('\n').length === undefined ? 0 : (text[at]?.split('\n').length ?? 1) - 1
          expect(row.line).toBe(line)
        }
      }),
    )
  })
})
