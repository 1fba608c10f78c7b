import { describe, expect, test } from '@jest/globals'
import { composeServices } from '@theguild/federation-composition'
import { Kind, type OperationDefinitionNode, parse } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import type { JsonObject } from '../../runtime/json.ts'
import { loadSupergraph } from '../supergraph/supergraph.ts'
import { type Amount, evaluate } from './amount.ts'
import { compileCost } from './cost.ts'
import { readCostRules } from './cost-rules.ts'

const sdl = (cost: string, imports: string): string => `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", ${imports}])
  type Query {
    book(id: ID): Book
    books(first: Int = 3, last: Int): [Book!]! @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
    page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["items"])
    all: [Book]  few: [Book] @listSize(assumedSize: 2)
    find(where: Where): Int @${cost}(weight: 5)
    named: [Named]  dear: Dear
  }
  type Mutation { add(where: Where): Book }
  type Page { items: [Book]  others: [Book]  total: Int }
  interface Named { name: String }
  type Book implements Named @key(fields: "id") { id: ID!  name: String  authors: [Author] @listSize(assumedSize: 2)  score: Int @${cost}(weight: 4)  kind: Kind }
  type Author implements Named { name: String  books: [Book] }
  type Dear @${cost}(weight: 7) { a: Int }
  enum Kind @${cost}(weight: 3) { A }
  input Where { a: Int  b: Int @${cost}(weight: 20)  and: [Where] }`

async function graph(cost = 'cost', imports = '"@cost", "@listSize"'): Promise<(query: string) => Amount> {
  const { supergraphSdl = '' } = composeServices([{ name: 'a', url: 'http://a', typeDefs: parse(sdl(cost, imports)) }])
  const { schema, costs: rules } = await loadSupergraph(supergraphSdl)
  return (query) => {
    const document = parse(query)
    return compileCost(document, operationOf(query), { schema, rules, defaultListSize: 10 })
  }
}

function operationOf(query: string): OperationDefinitionNode {
  const operation = parse(query).definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation')
  return operation
}

describe('the estimate of an operation', () => {
  test.each([
    ['an object counts 1, scalars nothing', '{ book { id name __typename } }', 1],
    ['a list of unknown length has the default length', '{ all { id } }', 10],
    ['an assumed size', '{ few { id } }', 2],
    ['a slicing argument', '{ books(first: 7) { id } }', 7],
    ['its default', '{ books { id } }', 3],
    ['the largest of several', '{ books(first: 4, last: 6) { id } }', 6],
    ['lists multiply', '{ books(first: 7) { authors { books { id } } } }', 7 * (1 + 2 * (1 + 10))],
    ['a size of fields of the answer', '{ page(first: 5) { items { id } others { id } total } }', 1 + 5 + 10],
    ['the cost of a field, type and enum', '{ dear { a } book { score kind } find }', 7 + 1 + 4 + 3 + 5],
    ['a mutation', 'mutation { add { id } }', 11],
    ['input objects and the cost of what is in them', '{ find(where: { b: 1, and: [{ a: 1 }, { b: 2 }] }) }', 5 + 1 + 20 + 1 + (1 + 0) + (1 + 20)],
    ['an interface', '{ named { name ... on Book { score } } }', 10 * (1 + 4)],
    ['one response name counts once', '{ few { id } few { name } ...F ...F } fragment F on Query { few { id } other: few { id } }', 4],
    ['what is never part of the answer', '{ few @skip(if: true) { id } book @include(if: true) { id } }', 1],
    ['introspection', '{ __typename __schema { types { name } } }', 100],
  ])('%s', async (_, query, cost) => {
    expect((await graph())(query)).toBe(cost)
  })

  test.each<[string, string, JsonObject, number]>([
    ['a slicing argument', 'query($n: Int) { books(first: $n) { authors { name } } }', { n: 9 }, 9 * 3],
    ['one that is not given', 'query($n: Int) { books(first: $n) { id } }', {}, 3],
    ['a negative one', 'query($n: Int) { books(first: $n) { id } }', { n: -5 }, 0],
    ['conditions', 'query($x: Boolean!) { few @include(if: $x) { id } book @skip(if: $x) { id } }', { x: true }, 2],
    ['conditions that do not hold', 'query($x: Boolean!) { few @include(if: $x) { id } book @skip(if: $x) { id } }', { x: false }, 1],
    ['an input object', 'query($w: Where) { find(where: $w) }', { w: { b: 1, and: [{ a: 1 }] } }, 5 + 1 + 20 + 1 + 1],
    ['two variables', 'query($n: Int, $m: Int!) { books(first: $n) { id } page(first: $m) { items { id } } }', { n: 2, m: 4 }, 2 + 1 + 4],
  ])('follows variables: %s', async (_, query, variables, cost) => {
    const amount = (await graph())(query)
    expect(typeof amount).toBe('function')
    expect(evaluate(amount, variables)).toBe(cost)
  })

  test('a list that needs exactly one slicing argument says so, at once or once variables are known', async () => {
    const estimate = await graph()
    const refusal = expect.objectContaining({ code: 'COST_QUERY_PARSE_FAILURE', message: expect.stringContaining('Query.page') })
    expect(() => estimate('{ page { items { id } } }')).toThrow(refusal)
    const amount = estimate('query($n: Int) { page(first: $n) { items { id } } }')
    expect(() => evaluate(amount, {})).toThrow(AisleError)
    expect(evaluate(amount, { n: 2 })).toBe(3)
  })

  test('directives may be linked by other names', async () => {
    const renamed = await graph('price', '{ name: "@cost", as: "@price" }, "@listSize"')
    expect(renamed('{ dear { a } few { id } }')).toBe(9)
    const rules = readCostRules(parse('schema @link(url: "https://specs.apollo.dev/cost/v0.1", as: "c") { query: Query } type Query { a: [Int] @c__listSize(assumedSize: 3) @c(weight: 2) }'))
    expect(rules.lists.get('Query.a')?.assumedSize).toBe(3)
    expect(rules.weights.get('Query.a')).toBe(2)
  })

  test('a weight may be text, as the specification has it', () => {
    expect(readCostRules(parse('type Query { a: Int @cost(weight: "2.5") }')).weights.get('Query.a')).toBe(2.5)
  })
})
