import { expect, test } from '@jest/globals'
import { Lookups } from './lookups.ts'

test('whoever asks while a look-up is under way is in the next, and a failure is told to those alone who were in it', async () => {
  const asked: (readonly string[])[] = []
  const answers: PromiseWithResolvers<void>[] = []
  const lookups = new Lookups(async (ids) => {
    asked.push(ids)
    const answer = Promise.withResolvers<void>()
    answers.push(answer)
    await answer.promise
    return new Map(ids.filter((id) => id !== 'nobody').map((id) => [id, `row ${id}`]))
  })
  const first = lookups.find('a')
  const others = ['b', 'nobody', 'b', 'a', 'b\0'].map((id) => lookups.find(id))
  expect(asked).toEqual([['a']])
  answers[0]?.reject(new Error('broken'))
  await expect(first).rejects.toThrow('broken')
  expect(asked).toEqual([['a'], ['b', 'nobody', 'a']])
  answers[1]?.resolve()
  expect(await Promise.all(others)).toEqual(['row b', null, 'row b', 'row a', null])
})
