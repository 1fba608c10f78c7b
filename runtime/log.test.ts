import { expect, test } from '@jest/globals'
import { createLogger } from './log.ts'

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = []
  write(createLogger('test', 'info', { write: (line) => void lines.push(line) }))
  return lines.join('')
}

test('secrets and what clients send are cut out, however deep, and of the texts of faults too', () => {
  const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln'
  const text = logged((log) => {
    log.info({ headers: { authorization: `Bearer ${token}`, 'Set-Cookie': 'a=hunter2' }, deep: { list: [{ databaseUrl: 'postgres://a:hunter2@h/d', variables: { id: 'hunter2' }, customer_id: 'hunter2' }] } }, 'one')
    log.error({ err: new Error(`refused: bearer ${token} at postgres://user:hunter2@host/db`, { cause: new Error('invalid input syntax for type bigint: "hunter2"') }) }, 'two')
    log.error({ err: Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (id)=(hunter2) already exists.' }) }, 'three')
  })
  expect(text).not.toContain('hunter2')
  expect(text).not.toContain(token)
  expect(text).toContain('"code":"23505"')
  expect(text.split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['one', 'two', 'three'])
})
