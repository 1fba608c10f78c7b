import { describe, expect, test } from '@jest/globals'
import { Outflow, type SlowClientPolicy } from './outflow.ts'

/** A connection that takes messages only when the test says so. */
function startBench(policy: SlowClientPolicy): { readonly outflow: Outflow; readonly sent: string[]; readonly take: () => void; readonly cut: () => number } {
  const sent: string[] = []
  const waiting: { readonly message: string; readonly onTaken: () => void }[] = []
  let cut = 0
  const unsent = (): number => waiting.reduce((sum, { message }) => sum + message.length, 0)
  const outflow = new Outflow({ unsent, write: (message, onTaken) => waiting.push({ message, onTaken }) }, { maxBytes: 10, policy }, () => cut++)
  const take = (): void => {
    const next = waiting.shift()
    if (next === undefined) return
    sent.push(next.message)
    next.onTaken()
  }
  return { outflow, sent, take, cut: () => cut }
}

const message = (name: string): string => name.padEnd(8, '.')
const names = (sent: readonly string[]): string => sent.map((text) => text.replaceAll('.', '')).join(' ')

describe('a client that does not read', () => {
  test('gets the newest event of each subscription once it reads, under coalesce', () => {
    const { outflow, sent, take, cut } = startBench('coalesce')
    for (let event = 1; event <= 9; event++) {
      outflow.event('a', message(`a${event}`))
      outflow.event('b', message(`b${event}`))
    }
    expect(outflow.unsent).toBe(16)
    for (let turn = 0; turn < 10; turn++) take()
    expect([names(sent), cut(), outflow.unsent]).toEqual(['a1 b1 a9 b9', 0, 0])
  })

  test('gets the last value before the end of its subscription, and nothing of one that it has left', () => {
    const { outflow, sent, take } = startBench('coalesce')
    for (const name of ['x1', 'x2', 'a1', 'a2', 'b1']) outflow.event(name.slice(0, 1), message(name))
    outflow.flush('a')
    outflow.send(message('end'))
    outflow.forget('b')
    for (let turn = 0; turn < 10; turn++) take()
    expect(names(sent)).toBe('x1 x2 a2 end')
  })

  test('is cut off once, under disconnect, and gets no event more', () => {
    const { outflow, sent, take, cut } = startBench('disconnect')
    for (let event = 1; event <= 9; event++) outflow.event('a', message(`a${event}`))
    expect([cut(), outflow.unsent]).toEqual([1, 16])
    for (let turn = 0; turn < 10; turn++) take()
    outflow.event('a', message('late'))
    expect([names(sent), cut()]).toEqual(['a1 a2', 1])
  })

  test('waits for its own answers, which all arrive', async () => {
    const { outflow, sent, take } = startBench('disconnect')
    const answers = Array.from({ length: 5 }, (_, index) => outflow.answer(message(`q${index}`)))
    expect(outflow.unsent).toBe(16)
    while (sent.length < 5) {
      take()
      await new Promise(setImmediate)
      expect(outflow.unsent).toBeLessThan(20)
    }
    await Promise.all(answers)
    expect(names(sent)).toBe('q0 q1 q2 q3 q4')
  })

  test('keeps nobody waiting once it is gone', async () => {
    const { outflow } = startBench('disconnect')
    const answers = Array.from({ length: 5 }, (_, index) => outflow.answer(message(`q${index}`)))
    outflow.close()
    await Promise.all(answers)
    expect(outflow.unsent).toBe(16)
  })
})
