import { expect, test } from '@jest/globals'
import { candidateOf, evidenceOf, type Candidate } from './evidence.ts'

interface Texts {
  readonly name: string
  readonly category?: string
  readonly attributes?: readonly number[]
}

const candidate = ({ name, category = '', attributes = [] }: Texts): Candidate =>
  candidateOf(category === '' ? null : category, [name, category, '', '', ''], Uint32Array.from(attributes.flatMap((id) => [id, 100 + id])))
const evidence = (query: string, rarity: readonly number[], ...candidates: Texts[]) => evidenceOf(candidates.map(candidate), query.split(' ').map((token) => [token]), rarity)

test('a rare word of the query counts more than a common one', () => {
  const [rare, common] = evidence('red theremin', [1, 6], { name: 'blue theremin' }, { name: 'red lamp' })
  expect(rare?.text).toBeGreaterThan((common?.text ?? 0) * 3)
  expect(evidence('red lamp', [1, 1], { name: 'red lamp' }, { name: 'lamp' }).map(({ complete }) => complete)).toEqual([1, 0])
})

test('a word in the name counts more than one in a long list of attributes, and more in a short name', () => {
  const texts = (name: string, attributes: string): Candidate => candidateOf(null, [name, '', '', '', attributes], new Uint32Array())
  const [named, long, attributed] = evidenceOf([texts('lamp', 'a b c'), texts('a b c d e f lamp', 'a b c'), texts('a', 'lamp b c')], [['lamp']], [3])
  expect(named?.text).toBeGreaterThan(long?.text ?? 1)
  expect(long?.text).toBeGreaterThan(attributed?.text ?? 1)
})

test('what is only for the thing, and what its category calls the thing, are told apart', () => {
  const found = evidence('table lamp', [1, 1], { name: 'lamp', category: 'light lamp' }, { name: 'shade for lamp', category: 'lamp shade' }, { name: 'lamp for table', category: 'lamp' })
  expect(found.map(({ purpose }) => purpose)).toEqual([0, 1, 0])
  expect(found.map(({ categoryHead }) => categoryHead)).toEqual([1, 0, 1])
})

test('the kind that most of the candidates are speaks for its own', () => {
  const mouse = { name: 'mouse', category: 'mice', attributes: [1, 2, 3] }
  const [one, , , pad, other] = evidence('mouse', [2], mouse, mouse, mouse, { name: 'mouse pad', category: 'pads', attributes: [8, 9] }, { name: 'cable' })
  expect(one?.categoryShare).toBeCloseTo(0.75)
  expect(pad?.categoryShare).toBeCloseTo(0.25)
  expect(one?.typical).toBeGreaterThan((pad?.typical ?? 1) * 2)
  expect(other).toMatchObject({ text: 0, categoryShare: 0, typical: 0 })
})
