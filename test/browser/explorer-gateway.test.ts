import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setInterval } from 'node:timers/promises'
import { startFederation } from '../../gateway/testing/federation.ts'
import { registerExplorerTests, type ExplorerTarget } from './explorer-suite.ts'

const books = {
  sdl: `
    type Query { books: [Book!]! }
    type Book @key(fields: "id") { id: ID! title: String! }
  `,
  resolvers: {
    Query: { books: () => [{ id: '1', title: 'Emma' }] },
    Book: { __resolveReference: ({ id }: { id: string }) => ({ id, title: `Book ${id}` }) },
  },
}

const loans = {
  sdl: `
    type Subscription { lent: Book! }
    type Book @key(fields: "id") { id: ID! copies: Int! }
  `,
  resolvers: {
    Subscription: { lent: { subscribe: lent, resolve: (book: { id: string }) => book } },
    Book: { __resolveReference: ({ id }: { id: string }) => ({ id }), copies: ({ id }: { id: string }) => Number(id) + 1 },
  },
}

const examples = [
  { title: 'Every book with its copies', query: 'query AllBooks {\n  books {\n    title\n    copies\n  }\n}\n' },
  { title: 'Loans as they happen', query: 'subscription Loans {\n  lent {\n    title\n  }\n}\n' },
]

registerExplorerTests('The explorer page at the gateway', startGatewayTarget)

/** A real gateway over two subgraphs; both operations need both of them. */
async function startGatewayTarget(): Promise<ExplorerTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'explorer-'))
  const file = join(folder, 'examples.json')
  await writeFile(file, JSON.stringify(examples))
  const federation = await startFederation({ books, loans }, { examples: file })
  return {
    url: new URL('/', federation.url).href,
    query: { document: 'query Shelf { books { title copies } }', answer: '"copies": 2' },
    field: 'books',
    subscription: 'subscription Lent { lent { id title copies } }',
    async [Symbol.asyncDispose]() {
      await federation[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

async function* lent(): AsyncGenerator<{ id: string }> {
  let loan = 0
  for await (const _ of setInterval(20)) yield { id: String((loan += 1)) }
}
