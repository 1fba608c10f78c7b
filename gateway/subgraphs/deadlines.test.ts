import { expect, test } from '@jest/globals'
import { Deadlines, type Limited } from './deadlines.ts'

function limited(deadlines: Deadlines, ms: number, signal = new AbortController().signal): Promise<'expired' | 'left'> {
  return new Promise((resolve) => {
    const end = (how: 'expired' | 'left'): void => {
      deadlines.delete(watched)
      resolve(how)
    }
    const watched: Limited = { deadline: performance.now() + ms, signal, expire: () => end('expired'), leave: () => end('left') }
    deadlines.add(watched)
  })
}

test('what runs out of time and what nobody wants ends, also after there was nothing to watch', async () => {
  using deadlines = new Deadlines()
  for (let round = 0; round < 2; round++) {
    const gone = new AbortController()
    const [early, left] = [limited(deadlines, 1), limited(deadlines, 60_000, gone.signal)]
    expect(await early).toBe('expired')
    gone.abort()
    expect(await left).toBe('left')
  }
})

test('what is over is not ended', async () => {
  using deadlines = new Deadlines()
  let ended = false
  const over: Limited = { deadline: 0, signal: AbortSignal.abort(), expire: () => (ended = true), leave: () => (ended = true) }
  deadlines.add(over)
  deadlines.delete(over)
  await limited(deadlines, 1)
  expect(ended).toBe(false)
})
